const promisify = require('../../promisify')

const locate = promisify(wx.getLocation)

Page({
  async onLoad() {
    const place = await locate({ type: 'gcj02' })
    const image = await promisify(wx.chooseImage)({ count: 1 })
    const { scanCode } = wx
    promisify(scanCode)().then(result => console.log(place, image, result))
  },
})
