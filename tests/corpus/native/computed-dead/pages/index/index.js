const names = require('../../names')

Page({
  onLoad() {
    if (wx.canIUse('getLocation') || names.has('getLocation')) wx.showToast({ title: 'can' })
    if (wx.canIUse('button.open-type.getPhoneNumber')) console.log([...names].join(', '))
  },
})
