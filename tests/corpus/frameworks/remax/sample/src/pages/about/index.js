import * as React from 'react'
import { View, chooseLocation, getStorageSync, getSystemInfoSync } from 'remax/wechat'

export default function About () {
  const [model, setModel] = React.useState('')
  React.useEffect(() => {
    setModel(getStorageSync('k') || getSystemInfoSync().model)
    console.log('see https://docs.example.org/help')
  }, [])
  return <View onTap={() => chooseLocation({})}>{model}</View>
}
