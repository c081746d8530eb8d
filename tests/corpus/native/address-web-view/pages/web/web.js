Page({ data: { url: 'https://pay.example.org/start' } })
