import { base } from './config'

export function get (path: string) {
  wx.request({ url: base + path, data: { secret: '@{app_secret}' } })
}
