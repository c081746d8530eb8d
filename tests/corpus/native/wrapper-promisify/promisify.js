module.exports = function promisify(method) {
  return (options = {}) => new Promise((success, fail) => method({ ...options, success, fail }))
}
