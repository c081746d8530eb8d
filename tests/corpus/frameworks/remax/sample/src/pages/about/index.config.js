module.exports = { navigationBarTitleText: 'about' }
