module.exports = new Set(['chooseAddress', 'chooseContact', 'getLocation', 'getWeRunData', 'getUserProfile', 'scanCode'])
