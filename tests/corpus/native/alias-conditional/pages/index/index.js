const host = typeof my !== 'undefined' ? my : wx
const api = typeof tt === 'object' && tt || wx || {}

Page({
  onLoad() {
    host.getLocation({})
    api.chooseAddress({})
  },
})
