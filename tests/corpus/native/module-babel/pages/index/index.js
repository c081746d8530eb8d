"use strict";
var _host = _interopRequireWildcard(require("../../host"));
var _again = _interopRequireDefault(require("../../host"));
var _more = require("../../more");
function _interopRequireDefault(e) { return e && e.__esModule ? e : { default: e }; }
function _interopRequireWildcard(e) {
  if (e && e.__esModule) return e;
  var n = { default: e };
  for (var t in e) n[t] = e[t];
  return n;
}
Page({
  onLoad: function onLoad() {
    _again.default.getLocation({});
    _host["default"].chooseAddress({});
    (0, _host.scan)();
    _more.host.login({});
  }
});
