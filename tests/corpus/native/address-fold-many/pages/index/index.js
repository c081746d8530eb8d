const mirrors = ['https://a.example.org', 'https://b.example.org']
const services = { list: { url: 'https://list.example.org/v1' }, map: { url: 'https://map.example.org/v1' } }

Page({
  onLoad() {
    mirrors.forEach(mirror => wx.downloadFile({ url: mirror + '/file' }))
    for (const name of Object.keys(services)) wx.request({ url: services[name].url })
  },
})
