const cache = require('../../cache')

Page({
  onLoad() {
    wx.showToast({ title: String(cache.request({ url: 'https://cache.example.org/key' })) })
  },
})
