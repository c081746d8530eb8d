const host = 'plus.example.org'
const scheme = 'https:'
const domain = 'example.org'

Page({
  onLoad(query) {
    wx.request({ url: scheme + '//' + host + '/v1/' + query.id })
    wx.request({ url: `https://template.${domain}/v1/${query.id}` })
    wx.request({ url: 'https://'.concat('concat.', domain, '/v1?id=').concat(query.id) })
    wx.request({ url: ['https:/', 'join.example.org', 'v1', query.id].join('/') })
    wx.request({ url: 'https://{name}.example.org/v1'.replace('{name}', 'replace') })
    let url = 'https://variable.example.org'
    url += '/v1'
    if (query.id) url = url + '?id=' + query.id
    wx.request({ url })
  },
})
