exports.host = wx
