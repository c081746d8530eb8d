const root = typeof globalThis !== 'undefined' ? globalThis : Function('return this')()
const name = ['w', 'x'].join('')

Page({
  onLoad() {
    globalThis.wx.getLocation({})
    globalThis['w' + 'x'].chooseAddress({})
    root[name].chooseContact({})
  },
})
