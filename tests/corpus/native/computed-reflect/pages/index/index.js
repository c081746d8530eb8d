Page({
  onLoad() {
    Reflect.get(wx, 'getLocation')({})
    Reflect.apply(wx.chooseAddress, wx, [{}])
    Object.getOwnPropertyDescriptor(wx, 'login').value({})
  },
})
