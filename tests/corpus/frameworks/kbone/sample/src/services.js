import api from 'kbone-api'
import { hosts } from './config'

const actions = {
  scan: () => api.scanCode({}),
  dial: () => api.makePhoneCall({ phoneNumber: '1' })
}

export const act = name => actions[name]()

export function download (name) {
  return api.downloadFile({ url: `${hosts[api.getStorageSync('place')]}/${name}` })
}

export const ask = (method, options = {}) => api[method](options)
