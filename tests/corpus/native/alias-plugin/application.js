exports.create = () => ({
  provided: {},
  use(plugin) {
    plugin.install(this)
    return this
  },
  provide(name, value) {
    this.provided[name] = value
  },
})
