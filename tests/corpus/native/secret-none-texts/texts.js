export default {
  'login.password': 'Password2Please1',
  'login.token_expired_401': 'Token401 has expired2, sign in again',
  'settings.secret_question_3': 'What was your first pet called?',
  'form.apiKey.label': 'API-Key4 of 2nd service',
  password: '密码',
  picture: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  publicKey: '@{alipay_public_key}',
  alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=',
}
