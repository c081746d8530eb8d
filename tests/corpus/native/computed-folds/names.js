exports.NAMES = { where: 'getLocation', run: 'getWeRunData' }
