const { choose, locate, make } = require('../../make')

const scan = make('scanCode')

Page({
  async onLoad() {
    await locate({ type: 'gcj02' })
    await choose()
    await scan()
  },
})
