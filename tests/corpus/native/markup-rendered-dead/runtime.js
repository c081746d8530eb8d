const props = { p11: 'openType' }
const types = ['getPhoneNumber', 'chooseAvatar']

exports.props = props
exports.isKnown = type => types.includes(type)
exports.h = (name, values, ...children) => ({ nn: name, text: values.children, cn: children })
