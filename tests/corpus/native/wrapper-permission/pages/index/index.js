function withScope(scope, method, options) {
  wx.authorize({ scope, success: () => method(options) })
}

Page({
  where() {
    withScope('scope.userLocation', wx.getLocation, { type: 'gcj02' })
  },
  record() {
    withScope('scope.record', () => wx.startRecord({}))
  },
})
