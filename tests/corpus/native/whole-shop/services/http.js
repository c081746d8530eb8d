const { host } = require('../config')

const http = (path, options = {}) => new Promise((resolve, reject) => {
  wx.request({
    url: `https://${host}/api${path}`,
    header: { token: wx.getStorageSync('token') },
    ...options,
    success: answer => resolve(answer.data),
    fail: reject,
  })
})

module.exports = http
