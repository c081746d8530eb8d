// wx.getLocation() would need a permission.
/* const api = wx; api.chooseAddress() */
const help = 'call wx.getLocation() first'
const pattern = /wx.chooseImage/
const map = { wx: { getLocation() {} }, getLocation: 'getLocation' }

Page({
  data: { help, text: `wx.chooseImage and wx['getWeRunData']` },
  onLoad() {
    map.wx.getLocation()
    if (pattern.test(this.data.text)) wx.showToast({ title: 'wx.chooseContact' })
  },
})
