import { promisify } from 'miniprogram-api-promise'
import { host } from '../../config'
import { get } from '../../http'
import { act, ask, download } from '../../services'
import { wxp } from '../../wxp'

const getLocation: any = promisify(wx.getLocation as any)
const { chooseImage } = wxp

Page({
  async loc () {
    const place = await getLocation({ type: 'gcj02' })
    console.log(place.latitude)
  },
  pick () {
    chooseImage({ count: 1 }).then((r: any) => {
      wxp.uploadFile({ url: 'https://up.example.org/file', filePath: r.tempFilePaths[0], name: 'f' })
    })
  },
  profile () {
    wxp.getUserProfile({ desc: 'show name' }).then((r: any) => console.log(r.userInfo))
  },
  clip () {
    const api: any = wx
    api['setClipboardData']({ data: 'hello' })
  },
  lit () {
    wxp.request({ url: 'https://api.example.org/v1', method: 'POST', data: { a: 1 } })
  },
  dyn () {
    wx.request({ url: `https://${host}/v2`, success: r => console.log(r.data) })
  },
  near () {
    get('/nearby')
  },
  sock () {
    wx.connectSocket({ url: 'wss://ws.example.org/s' })
  },
  act (e: any) {
    act(e.currentTarget.dataset.name)
  },
  download () {
    download('a.pdf')
  },
  address () {
    ask('chooseAddress')
  },
  phone (e: any) {
    console.log(e.detail.code)
  }
})
