App({ globalData: { host: 'https://api.example.org' } })
