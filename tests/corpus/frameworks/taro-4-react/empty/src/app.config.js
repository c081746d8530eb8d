export default {
  pages: ['pages/index/index', 'pages/about/index'],
  window: { navigationBarTitleText: 'empty' }
}
