Page({
  onLoad(query) {
    wx.request({ url: 'https://' + query.tenant + '.example.org/v1' })
  },
})
