import { base } from './config'

export function get (path) {
  return uni.request({ url: base + path, data: { secret: '@{app_secret}' } })
}
