import Taro from '@tarojs/taro'
import { base } from './config'

export function get (path) {
  return Taro.request({ url: base + path, data: { secret: '@{app_secret}' } })
}
