require("./common/runtime.js"),require("./common/vendor.js");App({});
