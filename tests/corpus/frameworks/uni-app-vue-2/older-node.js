// Node 23 took these away; packages of the age of webpack 4 still call them.
const util = require('util')

util.isArray = Array.isArray
util.isDate = util.types.isDate
util.isRegExp = util.types.isRegExp
util.isFunction = value => typeof value === 'function'
util.isString = value => typeof value === 'string'
