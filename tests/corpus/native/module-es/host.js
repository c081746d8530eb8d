const api = wx
export default api
export { api as host }
export const scan = wx.scanCode
