export class Client {
  constructor(base) {
    this.base = base
  }

  get(path) {
    wx.request({ url: this.base + path })
  }
}

export function create(defaults) {
  return { get: path => wx.request({ url: `${defaults.baseURL}${path}`, timeout: defaults.timeout }) }
}
