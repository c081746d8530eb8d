Component({ properties: { kind: { type: String, value: '' } } })
