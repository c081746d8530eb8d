const waiting = []

exports.add = (method, options) => waiting.push({ method, options })
exports.run = () => {
  while (waiting.length) {
    const { method, options } = waiting.shift()
    method(options)
  }
}
