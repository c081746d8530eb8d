let api = null

exports.use = value => {
  api = value
}
exports.locate = () => api.getLocation({})
exports.current = () => api
