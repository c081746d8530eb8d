const base = 'https://api.example.org'

function send(method, path, data) {
  wx.showLoading({ title: 'wait' })
  return new Promise((resolve, reject) => {
    wx.request({
      url: base + path,
      method,
      data,
      success: answer => (answer.statusCode < 400 ? resolve(answer.data) : reject(answer)),
      fail: reject,
      complete: () => wx.hideLoading(),
    })
  })
}

module.exports = { get: path => send('GET', path), post: (path, data) => send('POST', path, data) }
