module.exports = wx
