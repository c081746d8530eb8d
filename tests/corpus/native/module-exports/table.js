module.exports = { scan: wx.scanCode, size: 3 }
