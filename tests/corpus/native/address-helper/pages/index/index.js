const http = require('../../http')

Page({
  onLoad(query) {
    http.get('/v1/items')
    http.post(`/v1/items/${query.id}`, {})
  },
})
