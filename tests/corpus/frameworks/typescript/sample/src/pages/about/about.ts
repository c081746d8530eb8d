const { getStorageSync, getSystemInfoSync } = wx

Page({
  data: { model: '' },
  onLoad () {
    this.setData({ model: getStorageSync('k') || getSystemInfoSync().model })
    console.log('see https://docs.example.org/help')
  },
  choose () {
    wx.chooseLocation({})
  }
})
