const locator = require('../../locate')(wx)
const { address } = require('../../choose')

Page({
  onLoad() {
    locator.now()
    address(wx, console.log)
  },
})
