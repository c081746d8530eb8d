const queue = require('../../queue')

Page({
  onLoad() {
    queue.add(wx.getLocation, { type: 'gcj02' })
    queue.add(wx.request, { url: 'https://api.example.org/v1' })
    queue.run()
  },
})
