const HOST = 'api.example.org'

module.exports = { HOST, FILES: { base: 'https://files.example.org' }, paths: { list: '/v1/list' } }
