const host = require('./host')

App({
  onLaunch() {
    host.use(wx)
  },
})
