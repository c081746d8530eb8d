exports.amap = { key: '@{amap_key}', service: 'amap' }
exports.qqmapKey = '@{tencent_map_key}'
exports.baidu = { ak: '@{baidu_map_key}' }
