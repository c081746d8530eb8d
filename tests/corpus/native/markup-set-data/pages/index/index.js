Page({
  data: { kind: '', buttons: [{ type: 'chooseAvatar', text: 'avatar' }] },
  onLoad() {
    this.setData({ kind: 'getPhoneNumber' })
  },
})
