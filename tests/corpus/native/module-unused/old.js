exports.locate = () => wx.getLocation({})
