function locate(options, api = wx) {
  return api.getLocation(options)
}
const contact = ({ host = wx } = {}) => host.chooseContact({})

Page({
  onLoad() {
    locate({})
    contact()
  },
})
