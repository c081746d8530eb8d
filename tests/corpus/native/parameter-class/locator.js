export default class Locator {
  constructor(api) {
    this.api = api
  }

  now() {
    return this.api.getLocation({})
  }
}

export function Chooser(host) {
  this.host = host
}
Chooser.prototype.choose = function () {
  this.host.chooseAddress({})
}
