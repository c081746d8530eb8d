const asked = ['getLocation', 'chooseAddress']

Page({
  onLoad() {
    for (const name of ['hideLoading', 'hideToast']) wx[name]({})
    asked.forEach(name => wx[name]({}))
  },
  turn(on) {
    wx[on ? 'startGyroscope' : 'stopGyroscope']({})
  },
})
