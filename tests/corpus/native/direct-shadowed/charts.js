module.exports = { getLocation: point => point, setStorageSync() {} }
