export default { navigationBarTitleText: 'about' }
