const promisify = method => options => new Promise((success, fail) => method({ ...options, success, fail }))
const request = promisify(wx.request)
const api = {}
Object.keys(wx).forEach(name => {
  api[name] = promisify(wx[name])
})

Page({
  async onLoad() {
    const answer = await request({ url: 'https://api.example.org/v1' })
    await api.downloadFile({ url: 'https://files.example.org/' + answer.data.name })
  },
})
