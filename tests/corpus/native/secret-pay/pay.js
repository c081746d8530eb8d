exports.merchant = { mchId: '1900000109', mchKey: '@{wechat_pay_key}' }
exports.apiV3Key = "@{wechat_pay_v3_key}"
var partnerKey = '@{wechat_partner_key}'
exports.sign = text => text + '&key=' + partnerKey
