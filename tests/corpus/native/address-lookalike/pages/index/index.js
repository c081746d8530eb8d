const WEB = /^https?:\/\/[\w.-]+/
const svg = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'

Page({
  data: { picture: `data:image/svg+xml,${encodeURIComponent(svg)}`, prefix: 'https://' },
  onLoad(query) {
    const text = String(query.text)
    if (WEB.test(text) || text.indexOf('http://') === 0) wx.showToast({ title: 'a link' })
    this.setData({ path: '/pages/index/index?url=//', version: 'v1.2.3' })
  },
})
