const api = {}
for (const name in wx) {
  api[name] = wx[name]
}
const other = {}
Object.keys(wx).forEach(key => {
  other[key] = function () {
    return wx[key].apply(wx, arguments)
  }
})
const third = Object.fromEntries(Object.entries(wx))

Page({
  onLoad() {
    api.getLocation({})
    other.chooseAddress({})
    third.login({})
  },
})
