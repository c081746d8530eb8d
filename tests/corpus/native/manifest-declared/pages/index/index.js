Page({
  onLoad() {
    wx.getLocation({})
    wx.startLocationUpdate({})
    wx.onLocationChange(place => this.setData({ place }))
  },
})
