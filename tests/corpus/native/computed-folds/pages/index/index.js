const { NAMES } = require('../../names')
const what = 'Address'
const parts = ['scan', 'Code']
const list = ['checkSession', 'login']
const KEY = 'choose' + 'Contact'

Page({
  onLoad() {
    wx['get' + 'Location']({})
    wx[`choose${what}`]({})
    wx[parts.join('')]({})
    wx[list[1]]({})
    wx[KEY]({})
    wx[NAMES.run]({})
  },
})
