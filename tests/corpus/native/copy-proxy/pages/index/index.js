const logged = new Proxy(wx, {
  get(target, name) {
    console.log('asked for', name)
    return target[name]
  },
})
const lazy = new Proxy({}, { get: (_target, name) => options => new Promise((success, fail) => {
  wx[name]({ ...options, success, fail })
}) })

Page({
  onLoad() {
    logged.getLocation({})
    lazy.chooseAddress({}).then(console.log)
  },
})
