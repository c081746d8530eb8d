import { useState } from 'react'
import { chooseLocation, getStorageSync, getSystemInfoSync, useLoad } from '@tarojs/taro'
import { View } from '@tarojs/components'

export default function About () {
  const [model, setModel] = useState('')
  useLoad(() => {
    setModel(getStorageSync('k') || getSystemInfoSync().model)
    console.log('see https://docs.example.org/help')
  })
  return <View onClick={() => chooseLocation({})}>{model}</View>
}
