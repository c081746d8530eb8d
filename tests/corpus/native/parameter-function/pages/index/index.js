function locate(api, options) {
  return api.getLocation(options)
}
const choose = host => host.chooseAddress({})
function outer({ api }) {
  return inner(api)
}
function inner(e) {
  e.login({})
}

Page({
  onLoad() {
    locate(wx, {})
    choose(wx)
    outer({ api: wx })
  },
})
