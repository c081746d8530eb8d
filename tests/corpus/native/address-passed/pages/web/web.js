Page({
  onLoad({ url }) {
    this.setData({ url: decodeURIComponent(url) })
  },
})
