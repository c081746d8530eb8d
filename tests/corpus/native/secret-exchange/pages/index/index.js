Page({
  onLoad() {
    wx.login({
      success: ({ code }) => wx.request({
        url: 'https://api.weixin.qq.com/sns/jscode2session?appid=wx0123456789abcdef&secret=@{app_secret}&js_code=' + code,
      }),
    })
  },
})
