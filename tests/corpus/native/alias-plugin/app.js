const { create } = require('./application')
const host = require('./host')

const application = create().use(host).use({ install: it => it.provide('native', wx) })

App({ application })
