function request(items, url) {
  return items.filter(item => item.url === url)
}
const getLocation = point => ({ x: point.x | 0, y: point.y | 0 })

module.exports = { getLocation, request, swx: 1, wxs: 2 }
