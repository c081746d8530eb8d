Page({
  data: { src: '' },
  onLoad(query) {
    this.setData({ src: 'https://set.example.org/' + query.id })
  },
})
