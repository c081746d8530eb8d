App({
  globalData: { wx: wx, name: 'sample' },
  onLaunch() {
    this.api = wx
  },
})
