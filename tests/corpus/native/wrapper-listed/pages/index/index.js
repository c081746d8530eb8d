const { api } = require('../../api')

Page({
  async onLoad() {
    await api.login()
    await api.getLocation({ type: 'gcj02' })
  },
})
