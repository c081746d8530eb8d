export * from './host'
export { default as base } from './host'
export function login() {
  return wx.login({})
}
