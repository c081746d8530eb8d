const api = wx
let later
later = api
var many = 1, last = later

Page({
  onLoad() {
    api.getLocation({})
    later['chooseAddress']({})
    last.scanCode({ onlyFromCamera: many === 1 })
  },
})
