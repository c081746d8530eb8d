const { host, save } = require('tiny-store')

Page({
  onLoad() {
    host.getLocation({ success: place => save('place', place) })
  },
})
