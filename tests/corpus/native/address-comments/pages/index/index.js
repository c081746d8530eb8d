// https://old.example.org/v0 was asked before.
/* url: 'https://older.example.org' */
Page({
  onLoad() {
    wx.request({ url: 'https://api.example.org/v1' }) // see https://docs.example.org
  },
})
