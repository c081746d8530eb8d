module.exports = options => Page({
  ...options,
  $api: wx,
  toast(title) {
    this.$api.showToast({ title })
  },
})
