const app = getApp()

Page({
  data: { path: '/v1' },
  onLoad() {
    wx.request({ url: app.globalData.host + this.data.path })
  },
})
