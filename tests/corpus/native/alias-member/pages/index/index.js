const app = getApp()

Page({
  onLoad() {
    this.host = wx
    app.globalData.wx.getLocation({})
  },
  address() {
    getApp().api.chooseAddress({})
  },
  record() {
    this.host.startRecord({})
  },
})
