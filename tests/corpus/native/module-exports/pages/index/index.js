const host = require('../../host')
const named = require('../../named.js')
const { scan } = require('../../table')

Page({
  onLoad() {
    host.getLocation({})
    named.api.chooseAddress({})
    named.login({})
    scan({})
  },
})
