Page({
  onLoad() {
    wx.request({ url: 'https:\/\/slash.example.org\/v1' })
    wx.request({ url: '\u0068ttps://unicode.example.org' })
    wx.request({ url: '\x68\x74\x74\x70\x73://hex.example.org' })
  },
})
