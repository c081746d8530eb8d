(function (w) {
  w.getLocation({})
})(wx)
;(function (t, n) {
  n.chooseAddress({})
}).call(this, {}, wx)
!function (e) {
  e.login({})
}(wx)
;(e => e.scanCode({}))(wx)

Page({})
