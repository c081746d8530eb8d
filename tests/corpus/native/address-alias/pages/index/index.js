const { request, uploadFile: upload } = wx
const e = wx
const options = { url: 'wss://ws.example.org/s' }

Page({
  onLoad() {
    request({ url: 'https://api.example.org' })
    upload({ url: 'https://up.example.org', filePath: 'a', name: 'f' })
    e.connectSocket(options)
  },
})
