exports.sql = 'mysql://console:@{password}@db.example.org:3306/console'
exports.documents = "mongodb+srv://reader:@{another_password}@cluster0.example.org/notes?retryWrites=true"
exports.cache = `redis://:@{third_password}@cache.example.org:6379/0`
exports.rows = 'postgres://writer:@{fourth_password}@10.0.0.12/rows'
