Page({
  onLoad() {
    wx.request({ url: 'https://api.example.org/v1', method: 'POST' })
    wx.uploadFile({ url: "https://UP.example.org/file", filePath: 'a', name: 'f' })
    wx.downloadFile({ url: `https://down.example.org:8443/file` })
    wx.connectSocket({ url: 'wss://ws.example.org/s?room=1' })
  },
})
