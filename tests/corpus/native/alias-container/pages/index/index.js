const hosts = { weixin: wx, none: null }
const list = [null, wx]
const nested = { platform: { api: wx } }

Page({
  onLoad() {
    hosts.weixin.getLocation({})
    list[1].chooseAddress({})
    const { platform: { api } } = nested
    api.login({})
  },
})
