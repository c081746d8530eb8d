const { signIn } = require('./services/session')

App({ onLaunch: () => signIn() })
