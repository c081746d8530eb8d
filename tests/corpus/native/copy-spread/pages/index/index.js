const api = { ...wx, greet() {} }
const other = Object.assign({}, wx)
const target = {}
Object.assign(target, api)

Page({
  onLoad() {
    api.greet()
    api.getLocation({})
    other.chooseAddress({})
    target.login({})
  },
})
