const env = 'release'
const hosts = { release: 'shop.example.org' }

module.exports = { host: hosts[env], upload: 'https://up.example.org' }
