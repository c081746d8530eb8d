import { promisifyAll } from 'miniprogram-api-promise'

export const wxp: any = {}
promisifyAll(wx, wxp)
