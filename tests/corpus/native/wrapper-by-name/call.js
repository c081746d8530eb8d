export function call(name, options = {}) {
  return new Promise((success, fail) => wx[name]({ ...options, success, fail }))
}
export const login = () => call('login')
