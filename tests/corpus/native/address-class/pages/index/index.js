import { Client, create } from '../../client'

const client = new Client('https://class.example.org')
const http = create({ baseURL: 'https://factory.example.org', timeout: 1000 })

Page({
  onLoad() {
    client.get('/v1')
    http.get('/v1')
  },
})
