import { request } from 'remax/wechat'
import { base } from './config'

export function get (path) {
  return request({ url: base + path, data: { secret: '@{app_secret}' } })
}
