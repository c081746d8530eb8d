"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.default = exports.scan = void 0;
var _default = exports.default = wx;
var scan = exports.scan = function scan() { return wx.scanCode({}); };
