// What both builds share: the entries of the program, and the files that are taken as they are.
const fs = require('fs')
const path = require('path')

const pages = JSON.parse(fs.readFileSync('src/app.json', 'utf8')).pages

exports.entries = ['src/app.ts', ...pages.map(page => `src/${page}.ts`)]

exports.walk = function walk (folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const name = path.join(folder, entry.name)
    return entry.isDirectory() ? walk(name) : [name]
  })
}

exports.copy = function (output) {
  for (const name of exports.walk('src').filter(name => /\.(json|wxml|wxss)$/.test(name))) {
    const target = path.join(output, path.relative('src', name))
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.copyFileSync(name, target)
  }
}
