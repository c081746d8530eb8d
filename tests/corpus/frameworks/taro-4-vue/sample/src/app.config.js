export default {
  pages: ['pages/index/index', 'pages/about/index'],
  window: { navigationBarTitleText: 'sample' },
  requiredPrivateInfos: ['getLocation', 'chooseLocation'],
  permission: { 'scope.userLocation': { desc: 'show nearby' } }
}
