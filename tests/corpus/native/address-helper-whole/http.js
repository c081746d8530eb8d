export function get(url) {
  return new Promise((success, fail) => wx.request({ url, success, fail }))
}

export function send(options) {
  options.header = { token: 'none' }
  return wx.request(options)
}

export const upload = (options, filePath) => wx.uploadFile(Object.assign({ filePath, name: 'f' }, options))
