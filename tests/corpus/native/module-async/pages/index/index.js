Page({
  onLoad() {
    require.async('../../more/places.js').then(places => places.locate({}))
    require('../../more/places', more => more.host.chooseAddress({}))
  },
})
