const sync = /Sync$|^on|^create/

export const wxp = new Proxy({}, {
  get: (_cache, name) => (sync.test(name) ? wx[name] : (options = {}) => new Promise((success, fail) => {
    wx[name]({ ...options, success, fail })
  })),
})
