import api from 'kbone-api'
import { host } from '../config'
import { get } from '../http'
import { act, ask, download } from '../services'

const actions = {
  loc: () => wx.getLocation({ type: 'gcj02', success: place => console.log(place.latitude) }),
  pick: () => wx.chooseImage({
    count: 1,
    success: r => wx.uploadFile({ url: 'https://up.example.org/file', filePath: r.tempFilePaths[0], name: 'f' })
  }),
  profile: () => wx.getUserProfile({ desc: 'show name', success: r => console.log(r.userInfo) }),
  clip: () => api.setClipboardData({ data: 'hello' }),
  lit: () => wx.request({ url: 'https://api.example.org/v1', method: 'POST', data: { a: 1 } }),
  dyn: () => {
    const asked = new XMLHttpRequest()
    asked.open('GET', 'https://' + host + '/v2')
    asked.send()
  },
  near: () => get('/nearby'),
  sock: () => wx.connectSocket({ url: 'wss://ws.example.org/s' }),
  scan: () => act('scan'),
  download: () => download('a.pdf'),
  address: () => ask('chooseAddress')
}

export default function createApp () {
  for (const [name, act] of Object.entries(actions)) {
    const button = document.createElement('button')
    button.textContent = name
    button.addEventListener('click', act)
    document.body.appendChild(button)
  }
  const phone = document.createElement('wx-button')
  phone.setAttribute('open-type', 'getPhoneNumber')
  phone.addEventListener('getphonenumber', event => console.log(event.detail.code))
  document.body.appendChild(phone)
}
