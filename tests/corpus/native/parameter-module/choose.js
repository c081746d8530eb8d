exports.address = function (host, done) {
  host.chooseAddress({ success: done })
}
