const adapter = config => new Promise((resolve, reject) => wx.request({
  url: /^https?:/.test(config.url) ? config.url : config.baseURL + config.url,
  method: config.method,
  data: config.data,
  header: config.headers,
  success: resolve,
  fail: reject,
}))

class Client {
  constructor(defaults) {
    this.defaults = { adapter, headers: {}, ...defaults }
    this.interceptors = []
  }

  request(config) {
    const merged = this.interceptors.reduce((all, one) => one(all), { ...this.defaults, ...config })
    return merged.adapter(merged)
  }

  get(url, config) {
    return this.request({ ...config, url, method: 'GET' })
  }
}

exports.create = defaults => new Client(defaults)
