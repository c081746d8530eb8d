const r = require('../../runtime')

Page(r.page(() => (0, r.h)('button', { openType: 'getPhoneNumber', onGetPhoneNumber: e => console.log(e.detail.code), children: 'phone' })))
