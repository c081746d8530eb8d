Page({ onLoad() { wx.login({}) } })
