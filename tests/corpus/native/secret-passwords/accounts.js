exports.database = { user: 'console', password: '@{password}' }
exports.ADMIN_PASSWORD = '@{another_password}'
exports.signing = { clientSecret: '@{third_password}' }
