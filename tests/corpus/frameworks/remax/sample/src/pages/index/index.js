import * as React from 'react'
import {
  Button, View, chooseImage, connectSocket, getLocation, getUserProfile, request, setClipboardData, uploadFile
} from 'remax/wechat'
import { host } from '../../config'
import { get } from '../../http'
import { act, ask, download } from '../../services'

export default function Index () {
  const loc = async () => {
    const place = await getLocation({ type: 'gcj02' })
    console.log(place.latitude)
  }
  const pick = () => chooseImage({ count: 1 }).then(r => {
    return uploadFile({ url: 'https://up.example.org/file', filePath: r.tempFilePaths[0], name: 'f' })
  })
  const profile = () => getUserProfile({ desc: 'show name' }).then(r => console.log(r.userInfo))
  const clip = () => setClipboardData({ data: 'hello' })
  const lit = () => request({ url: 'https://api.example.org/v1', method: 'POST', data: { a: 1 } })
  const dyn = () => request({ url: 'https://' + host + '/v2' })
  const near = () => get('/nearby')
  const sock = () => connectSocket({ url: 'wss://ws.example.org/s' })
  return (
    <View>
      <Button onTap={loc}>where</Button>
      <Button onTap={pick}>pick</Button>
      <Button onTap={profile}>who</Button>
      <Button onTap={clip}>copy</Button>
      <Button onTap={lit}>ask</Button>
      <Button onTap={dyn}>ask more</Button>
      <Button onTap={near}>near</Button>
      <Button onTap={sock}>talk</Button>
      <Button onTap={() => act('scan')}>scan</Button>
      <Button onTap={() => download('a.pdf')}>download</Button>
      <Button onTap={() => ask('chooseAddress')}>address</Button>
      <Button openType='getPhoneNumber' onGetPhoneNumber={e => console.log(e.detail.code)}>phone</Button>
    </View>
  )
}
