exports.locate = options => wx.getLocation(options)
exports.host = wx
