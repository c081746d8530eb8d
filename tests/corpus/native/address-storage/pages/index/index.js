const base = wx.getStorageSync('base') || 'https://api.example.org'

Page({
  onLoad() {
    wx.request({ url: base + '/v1' })
  },
})
