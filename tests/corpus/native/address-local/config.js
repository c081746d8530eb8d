const version = typeof __wxConfig === 'object' ? __wxConfig.envVersion : 'release'

module.exports = {
  api: version === 'develop' ? 'http://127.0.0.1:3000' : version === 'trial' ? 'http://192.168.1.10:8080' : 'https://api.example.org:443',
  live: { host: 'live.example.org', port: 8443 },
}
