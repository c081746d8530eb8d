const live = requirePlugin('live')

Page({ onLoad() { live.start() } })
