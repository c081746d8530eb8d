Page({
  onLoad() {
    const { application } = getApp()
    application.api.getLocation({})
    application.provided.native.chooseAddress({})
  },
})
