const { api, live } = require('../../config')

Page({
  onLoad() {
    wx.request({ url: `${api}/v1` })
    wx.connectSocket({ url: `wss://${live.host}:${live.port}/s` })
  },
})
