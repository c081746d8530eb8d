exports.h = (name, props, ...children) => ({ nn: name, p11: props.openType, text: props.children, cn: children })
exports.page = render => ({
  data: { root: { cn: [] } },
  onLoad() {
    this.setData({ root: { cn: [render()] } })
  },
  eh() {},
})
