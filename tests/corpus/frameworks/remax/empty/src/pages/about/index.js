import * as React from 'react'
import { View } from 'remax/wechat'

export default function Page () {
  return <View>about</View>
}
