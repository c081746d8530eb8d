Page({
  data: { icon: '' },
  onLoad() {
    const sound = wx.createInnerAudioContext()
    sound.src = 'https://sound.example.org/a.mp3'
    sound.play()
    this.setData({ icon: 'https://icons.example.org/a.png' })
  },
  show() {
    wx.previewImage({ urls: ['https://pictures.example.org/a.png'] })
  },
})
