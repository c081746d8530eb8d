Page({
  help() {
    wx.navigateTo({ url: '/pages/web/web?url=' + encodeURIComponent('https://h5.example.org/help') })
  },
})
