import { TOKEN_KEY } from '../../keys'

Page({
  onLoad() {
    const token = wx.getStorageSync(TOKEN_KEY)
    wx.setStorageSync('refresh_token_2024_v1', token)
  },
})
