const store = require('../../store')

Page({
  onLoad() {
    store.login('somebody')
    this.setData({ name: store.getStorage('name') })
  },
})
