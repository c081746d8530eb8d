const make = name => (options = {}) => new Promise((success, fail) => wx[name]({ ...options, success, fail }))

module.exports = { locate: make('getLocation'), choose: make('chooseAddress'), make }
