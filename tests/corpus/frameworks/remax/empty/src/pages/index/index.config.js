module.exports = { navigationBarTitleText: 'index' }
