import { hosts } from './config'

const actions = {
  scan: () => uni.scanCode({}),
  dial: () => uni.makePhoneCall({ phoneNumber: '1' })
}

export const act = name => actions[name]()

export function download (name) {
  return uni.downloadFile({ url: `${hosts[uni.getStorageSync('place')]}/${name}` })
}

export const ask = (method, options = {}) => uni[method](options)
