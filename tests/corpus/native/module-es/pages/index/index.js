import api from '../../host'
import * as all from '../../all'
import { base as b, login } from '../../all'

Page({
  onLoad() {
    api.getLocation({})
    b.chooseAddress({})
    login()
    all.scan({})
  },
})
