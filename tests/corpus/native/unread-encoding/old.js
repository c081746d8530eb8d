// Î»ÖÃ
exports.locate = () => wx.getLocation({})
