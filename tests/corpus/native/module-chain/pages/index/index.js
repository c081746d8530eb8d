const lib = require('../../lib')
const { api: e } = require('../../lib/index')

Page({
  onLoad() {
    lib.api.getLocation({})
    e.chooseAddress({})
  },
})
