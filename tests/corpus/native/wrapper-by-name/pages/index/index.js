import { call, login } from '../../call'

const ADDRESS = 'chooseAddress'

Page({
  async onLoad() {
    await login()
    await call('getLocation', { type: 'gcj02' })
    await call(ADDRESS)
  },
})
