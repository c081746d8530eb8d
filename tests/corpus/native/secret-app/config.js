module.exports = { appId: 'wx0123456789abcdef', appSecret: '@{app_secret}' }
