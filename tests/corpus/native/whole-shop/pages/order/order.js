const http = require('../../services/http')
const { upload } = require('../../config')

Page({
  address() {
    wx.chooseAddress({ success: address => this.setData({ address }) })
  },
  async pay() {
    const order = await http('/orders', { method: 'POST', data: this.data.address })
    wx.requestPayment({ ...order.payment, success: () => wx.showToast({ title: 'paid' }) })
  },
  complain() {
    wx.chooseMedia({
      count: 1,
      success: ({ tempFiles }) => wx.uploadFile({ url: upload + '/photos', filePath: tempFiles[0].tempFilePath, name: 'photo' }),
    })
  },
  phone() {},
})
