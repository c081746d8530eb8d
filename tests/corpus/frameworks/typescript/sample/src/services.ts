import { wxp } from './wxp'
import { hosts } from './config'

const actions = {
  scan: () => wxp.scanCode({}),
  dial: () => wxp.makePhoneCall({ phoneNumber: '1' })
}

export const act = (name: 'scan' | 'dial') => actions[name]()

export function download (name: string) {
  return wxp.downloadFile({ url: `${hosts[wx.getStorageSync('place') as keyof typeof hosts]}/${name}` })
}

export const ask = (method: string, options: any = {}) => wxp[method](options)
