import wepy from '@wepy/core'
import { hosts } from './config'

const actions = {
  scan: () => wepy.wx.scanCode({}),
  dial: () => wepy.wx.makePhoneCall({ phoneNumber: '1' })
}

export const act = name => actions[name]()

export function download (name) {
  return wepy.wx.downloadFile({ url: `${hosts[wepy.wx.getStorageSync('place')]}/${name}` })
}

export const ask = (method, options = {}) => wepy.wx[method](options)
