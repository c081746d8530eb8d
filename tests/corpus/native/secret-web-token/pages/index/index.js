Page({
  onLoad() {
    wx.request({ url: 'https://api.example.org/me', header: { Authorization: 'Bearer @{json_web_token}' } })
  },
})
