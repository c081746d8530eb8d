Page({
  data: { kind: '' },
  onLoad() {
    wx.request({ url: 'https://api.example.org/v1', success: answer => this.setData({ kind: answer.data.kind }) })
  },
})
