exports.api = wx
exports.login = wx.login
