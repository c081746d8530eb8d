"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
Object.defineProperty(exports, "host", { enumerable: true, get: function () { return _host.default; } });
var _host = _interopRequireDefault(require("./host"));
function _interopRequireDefault(e) { return e && e.__esModule ? e : { default: e }; }
