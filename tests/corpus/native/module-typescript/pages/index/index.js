"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
var host_1 = __importDefault(require("../../host"));
var host_2 = require("../../host");
Page({
    onLoad: function () {
        (0, host_2.locate)({ type: "gcj02" });
        host_1.default.chooseAddress({});
        host_2.api.login({});
    }
});
