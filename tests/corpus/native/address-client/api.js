const { create } = require('./client')

const client = create({ baseURL: 'https://api.example.org', timeout: 5000 })
client.interceptors.push(config => ({ ...config, headers: { token: wx.getStorageSync('token') } }))

module.exports = client
