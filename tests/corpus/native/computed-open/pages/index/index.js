Page({
  onLoad() {
    wx.request({
      url: 'https://api.example.org/actions',
      success: answer => answer.data.forEach(action => wx[action.name](action.options)),
    })
  },
})
