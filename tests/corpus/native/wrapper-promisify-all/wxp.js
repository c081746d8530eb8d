const wxp = {}

function promisifyAll(from, to) {
  Object.keys(from).forEach(name => {
    if (typeof from[name] !== 'function') return
    to[name] = options => new Promise((success, fail) => from[name](Object.assign({}, options, { success, fail })))
  })
  return to
}

module.exports = promisifyAll(wx, wxp)
