import { wxp } from './wxp'

const service = base => (path, data) => wxp.request({ url: base + path, data })

export const weather = service('https://weather.example.org')
export const places = service('https://geo.example.org/v2')
