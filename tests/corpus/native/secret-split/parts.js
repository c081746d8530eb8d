const appSecret = '@{app_secret:first}' + '@{app_secret:second}'
const halves = ['@{github_token:first}', '@{github_token:second}']
const mchKey = `@{wechat_pay_key:first}${'@{wechat_pay_key:second}'}`

module.exports = { appSecret, token: halves.join(''), mchKey }
