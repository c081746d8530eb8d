export const host = 'data.example.org'
export const base = 'https://base.example.org'

export const hosts = {
  near: 'https://near.example.org',
  far: 'https://far.example.org'
}
