import mpx from '@mpxjs/core'
import { base } from './config'

export function get (path) {
  return mpx.request({ url: base + path, data: { secret: '@{app_secret}' } })
}
