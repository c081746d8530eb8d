import other, { LIST } from '../../addresses'
import { FILES } from '../../config'

Page({
  onLoad() {
    wx.request({ url: LIST })
    wx.request({ url: other })
    wx.downloadFile({ url: FILES.base + '/a.pdf' })
  },
})
