module.exports = Behavior({
  methods: {
    paste() {
      wx.getClipboardData({ success: result => this.setData({ text: result.data }) })
    },
  },
})
