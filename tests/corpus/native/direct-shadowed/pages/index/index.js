const charts = require('../../charts')

function centre(wx) {
  return wx.getLocation({ x: 0, y: 0 })
}

function width() {
  const wx = { getSystemInfoSync: () => ({ windowWidth: 320 }) }
  return wx.getSystemInfoSync().windowWidth
}

Page({
  onLoad() {
    centre(charts)
    const { wx } = { wx: charts }
    wx.setStorageSync('width', width())
  },
})
