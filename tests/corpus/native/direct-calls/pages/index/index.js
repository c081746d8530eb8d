Page({
  onLoad() {
    wx.login({ success: result => console.log(result.code) })
    wx.cloud.database().collection('notes').get()
    wx.getFileSystemManager().readFile({ filePath: 'a' })
  },
  where() {
    wx.getLocation({ type: 'gcj02' })
  },
  pick() {
    wx['chooseImage']({ count: 1 })
  },
  scan() {
    wx?.scanCode?.({})
  },
})
