function host() {
  return wx
}
const api = () => wx
const platform = {
  get current() {
    return wx
  },
}

Page({
  onLoad() {
    host().getLocation({})
    const again = api()
    again.chooseAddress({})
    platform.current.chooseContact({})
  },
})
