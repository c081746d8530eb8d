/** How it works: see the page of the library. */
Page({
  data: { link: 'https://docs.example.org/start', items: [{ title: 'a', href: 'https://data.example.org' }] },
  copy() {
    wx.setClipboardData({ data: 'https://share.example.org/?from=program' })
  },
})
