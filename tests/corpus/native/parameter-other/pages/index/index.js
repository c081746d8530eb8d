function locate(api) {
  return api.getLocation({})
}
const choose = host => host.chooseAddress({})
const fake = { getLocation: () => 1, chooseAddress: () => 2 }

Page({
  onLoad() {
    wx.showToast({ title: String(locate(fake) + choose(fake)) })
  },
})
