Page({
  onLoad() {
    this.asked().then(wx.getLocation)
    setTimeout(wx.hideLoading, 300)
    const keys = ['a', 'b']
    keys.map(wx.removeStorageSync)
    wx.getSetting.call(wx, { success() {} })
    wx.authorize.apply(wx, [{ scope: 'scope.userLocation' }])
    const open = wx.openSetting.bind(wx)
    open({})
  },
  asked() {
    return Promise.resolve({ type: 'gcj02' })
  },
})
