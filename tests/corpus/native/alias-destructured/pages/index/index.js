const { getLocation: where, scanCode = () => {}, ...others } = wx
let pick
;({ chooseImage: pick } = wx)
const profile = wx.getUserProfile

Page({
  onLoad() {
    where({})
    scanCode({})
    pick({ count: 1 })
    profile({ desc: 'show name' })
    others.makePhoneCall({ phoneNumber: '1' })
  },
})
