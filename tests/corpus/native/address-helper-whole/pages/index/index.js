import { get, send, upload } from '../../http'

Page({
  onLoad() {
    get('https://one.example.org/v1')
    send({ url: 'https://two.example.org/v1', method: 'POST' })
    upload({ url: 'https://three.example.org/v1' }, 'a')
  },
})
