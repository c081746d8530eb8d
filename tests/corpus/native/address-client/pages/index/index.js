const api = require('../../api')

Page({
  onLoad() {
    api.get('/v1/items')
    api.get('https://other.example.org/v1')
  },
})
