import * as wechat from 'remax/wechat'
import { hosts } from './config'

const actions = {
  scan: () => wechat.scanCode({}),
  dial: () => wechat.makePhoneCall({ phoneNumber: '1' })
}

export const act = name => actions[name]()

export function download (name) {
  return wechat.downloadFile({ url: `${hosts[wechat.getStorageSync('place')]}/${name}` })
}

export const ask = (method, options = {}) => wechat[method](options)
