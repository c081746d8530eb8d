const hosts = {
  develop: 'https://dev.example.org',
  trial: 'https://stage.example.org',
  release: 'https://www.example.org',
}
const { envVersion } = wx.getAccountInfoSync().miniProgram

exports.base = hosts[envVersion]
exports.mock = false
