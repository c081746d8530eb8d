const maps = require('../../maps')

Page({ data: { keys: [maps.amap.key, maps.qqmapKey, maps.baidu.ak] } })
