const { base, mock } = require('../../config')

Page({
  onLoad() {
    wx.request({ url: base + '/v1' })
    wx.request({ url: (mock ? 'https://mock.example.org' : 'https://www.example.org') + '/v2' })
  },
})
