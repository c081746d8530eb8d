const host = require('../../host')

Page({
  onLoad() {
    host.locate()
    host.current().login({})
  },
})
