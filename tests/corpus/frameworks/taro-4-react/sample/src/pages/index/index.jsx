import Taro, { chooseImage } from '@tarojs/taro'
import { View, Button } from '@tarojs/components'
import { host } from '../../config'
import { get } from '../../http'
import { act, ask, download } from '../../services'

export default function Index () {
  const loc = async () => {
    const place = await Taro.getLocation({ type: 'gcj02' })
    console.log(place.latitude)
  }
  const pick = () => chooseImage({ count: 1 }).then(r => {
    Taro.uploadFile({ url: 'https://up.example.org/file', filePath: r.tempFilePaths[0], name: 'f' })
  })
  const profile = () => Taro.getUserProfile({ desc: 'show name' }).then(r => console.log(r.userInfo))
  const clip = () => Taro.setClipboardData({ data: 'hello' })
  const lit = () => Taro.request({ url: 'https://api.example.org/v1', method: 'POST', data: { a: 1 } })
  const dyn = () => Taro.request({ url: 'https://' + host + '/v2' })
  const near = () => get('/nearby')
  const sock = () => Taro.connectSocket({ url: 'wss://ws.example.org/s' }).then(task => task.send({ data: 'x' }))
  return (
    <View>
      <Button onClick={loc}>where</Button>
      <Button onClick={pick}>pick</Button>
      <Button onClick={profile}>who</Button>
      <Button onClick={clip}>copy</Button>
      <Button onClick={lit}>ask</Button>
      <Button onClick={dyn}>ask more</Button>
      <Button onClick={near}>near</Button>
      <Button onClick={sock}>talk</Button>
      <Button onClick={() => act('scan')}>scan</Button>
      <Button onClick={() => download('a.pdf')}>download</Button>
      <Button onClick={() => ask('chooseAddress')}>address</Button>
      <Button openType='getPhoneNumber' onGetPhoneNumber={e => console.log(e.detail.code)}>phone</Button>
    </View>
  )
}
