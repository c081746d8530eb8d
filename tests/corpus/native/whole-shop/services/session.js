const http = require('./http')

exports.signIn = async () => {
  const { code } = await new Promise((success, fail) => wx.login({ success, fail }))
  const { token } = await http('/session', { method: 'POST', data: { code } })
  wx.setStorageSync('token', token)
}
