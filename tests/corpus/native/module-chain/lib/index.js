module.exports = require('../b').platform
