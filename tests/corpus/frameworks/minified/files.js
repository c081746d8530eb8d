// The native programs, but for those that no parser takes, and their files.
const fs = require('fs')
const path = require('path')

exports.names = fs.readdirSync('programs').filter(name => !name.startsWith('unread-'))

exports.walk = function walk (folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const name = path.join(folder, entry.name)
    return entry.isDirectory() ? walk(name) : [name]
  })
}

exports.write = function (name, content) {
  fs.mkdirSync(path.dirname(name), { recursive: true })
  fs.writeFileSync(name, content)
}

exports.isScript = name => name.endsWith('.js')
