exports.request = ({ url }) => url.length
