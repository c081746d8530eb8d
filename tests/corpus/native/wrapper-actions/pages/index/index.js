const actions = { locate: wx.getLocation, scan: wx.scanCode }

Page({
  act(event) {
    actions[event.currentTarget.dataset.action]({})
  },
})
