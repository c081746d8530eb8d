const r = require('../../runtime')

Page({
  data: { root: { cn: [] } },
  onLoad() {
    this.setData({ root: { cn: [(0, r.h)('button', { children: 'hello' })] } })
  },
  eh() {},
})
