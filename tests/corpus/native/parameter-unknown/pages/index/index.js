Page({
  onLoad() {
    const plugin = this.plugins[this.options.name]
    plugin.install(wx)
    wx.showToast({ title: 'ready' })
  },
})
