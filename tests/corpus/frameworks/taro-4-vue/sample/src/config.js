export const host = 'data.example.org'
export const base = 'https://base.example.org'
