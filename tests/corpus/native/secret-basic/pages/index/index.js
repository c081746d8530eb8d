Page({
  onLoad() {
    wx.request({ url: 'https://api.example.org/v1', header: { Authorization: 'Basic @{basic_credentials}' } })
  },
})
