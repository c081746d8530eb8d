Page({
  onLoad(query) {
    const method = query.method
    wx[method]({})
  },
  act() {
    wx.showToast({ title: 'done' })
  },
})
