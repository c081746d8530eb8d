const { host: api } = require('./a')

module.exports = { platform: { api }, other: 1 }
