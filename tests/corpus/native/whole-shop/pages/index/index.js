Page({
  order(event) {
    wx.navigateTo({ url: '/pages/order/order?id=' + event.currentTarget.dataset.id })
  },
})
