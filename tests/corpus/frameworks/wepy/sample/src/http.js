import wepy from '@wepy/core'
import { base } from './config'

export function get (path) {
  return wepy.wx.request({ url: base + path, data: { secret: '@{app_secret}' } })
}
