Page({
  onLoad() {
    wx.login({})
  },
})
