module.exports = {
  appId: '2021000000000000',
  privateKey: '@{alipay_private_key}',
  publicKey: '@{alipay_public_key}',
}
