Page({
  onLoad() {
    wx.request({
      url: 'https://api.example.org/v1/file',
      success: answer => wx.downloadFile({ url: answer.data.url }),
    })
  },
})
