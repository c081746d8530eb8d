class Base {
  constructor() {
    this.api = wx
  }
}

class Places extends Base {
  locate() {
    return this.api.getLocation({})
  }
}

class Addresses {
  api = wx
  choose() {
    this.api.chooseAddress({})
  }
}

class Steps {
  static host = wx
  static read() {
    Steps.host.getWeRunData({})
  }
}

Page({
  onLoad() {
    new Places().locate()
    new Addresses().choose()
    Steps.read()
  },
})
