function locate( {
  wx.getLocation({})
}}
