module.exports = function (api) {
  return { now: () => api.getLocation({}) }
}
