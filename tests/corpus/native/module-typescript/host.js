"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.api = exports.locate = void 0;
exports.locate = function (options) { return wx.getLocation(options); };
exports.api = wx;
exports.default = wx;
