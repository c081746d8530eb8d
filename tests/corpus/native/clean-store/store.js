class Store {
  constructor() {
    this.values = new Map()
    this.listeners = []
  }

  setStorage(key, value) {
    this.values.set(key, value)
    this.listeners.forEach(listener => listener(key, value))
  }

  getStorage(key) {
    return this.values.get(key)
  }

  login(name) {
    this.setStorage('name', name)
  }
}

module.exports = new Store()
