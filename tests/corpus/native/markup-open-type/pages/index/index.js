Page({
  data: { type: 'getRealtimePhoneNumber', canUse: true },
  phone(event) {
    this.setData({ code: event.detail.code })
  },
  avatar(event) {
    this.setData({ avatar: event.detail.avatarUrl })
  },
})
