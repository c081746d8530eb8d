const pasting = require('../pasting')

Component({
  behaviors: [pasting],
  lifetimes: {
    attached() {
      wx.createSelectorQuery().in(this).select('#box').boundingClientRect().exec()
    },
  },
})
