Page({ data: { title: 'hello' } })
