App({ onLaunch () {} })
