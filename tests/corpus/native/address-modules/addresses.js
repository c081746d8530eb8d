import { HOST, paths } from './config'

export const LIST = `https://${HOST}${paths.list}`
export default 'https://other.example.org/v2'
