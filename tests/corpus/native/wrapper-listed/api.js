const methods = ['getLocation', 'chooseAddress', 'getWeRunData', 'chooseContact', 'login', 'chooseInvoice', 'getUserInfo']

function promisify(method) {
  return options => new Promise((success, fail) => method({ ...options, success, fail }))
}

function promisifyAll(host, target) {
  Object.keys(host).forEach(name => {
    const method = host[name]
    if (typeof method === 'function') {
      target[name] = methods.indexOf(name) >= 0 ? promisify(method) : method
    }
  })
}

exports.api = {}
promisifyAll(wx, exports.api)
