import { View } from '@tarojs/components'

export default function About () {
  return <View>about</View>
}
