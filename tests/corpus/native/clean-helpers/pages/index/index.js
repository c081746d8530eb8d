const { getLocation, request } = require('../../format')

Page({
  data: { items: [], wx: 'wx', place: null },
  onLoad() {
    this.setData({ place: getLocation({ x: 1.5, y: 2.5 }), items: request(this.data.items, '/pages/index/index') })
  },
})
