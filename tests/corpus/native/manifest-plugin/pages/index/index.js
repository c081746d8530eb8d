const maps = requirePlugin('maps')

Page({ onLoad() { maps.open() } })
