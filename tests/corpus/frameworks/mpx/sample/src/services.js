import mpx from '@mpxjs/core'
import { hosts } from './config'

const actions = {
  scan: () => mpx.scanCode({}),
  dial: () => mpx.makePhoneCall({ phoneNumber: '1' })
}

export const act = name => actions[name]()

export function download (name) {
  return mpx.downloadFile({ url: `${hosts[mpx.getStorageSync('place')]}/${name}` })
}

export const ask = (method, options = {}) => mpx[method](options)
