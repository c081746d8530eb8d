const written = 'http://api.example.org/v1'
const file = 'https://origin.example.org/a.pdf'

Page({
  onLoad() {
    wx.request({ url: written.replace('http:', 'https:') })
    wx.downloadFile({ url: file.replace('origin.', 'cdn.') })
  },
})
