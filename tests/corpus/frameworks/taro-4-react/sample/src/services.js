import Taro from '@tarojs/taro'
import { hosts } from './config'

const actions = {
  scan: () => Taro.scanCode({}),
  dial: () => Taro.makePhoneCall({ phoneNumber: '1' })
}

export const act = name => actions[name]()

export function download (name) {
  return Taro.downloadFile({ url: `${hosts[Taro.getStorageSync('place')]}/${name}` })
}

export const ask = (method, options = {}) => Taro[method](options)
