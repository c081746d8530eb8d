// One script for the app, one for each page and component, with all that it needs inside.
const esbuild = require('esbuild')
const fs = require('fs')
const path = require('path')
const { isScript, names, walk, write } = require('./files')

for (const program of names) {
  const folder = path.join('programs', program)
  const files = walk(folder)
  const isEntry = name => name === path.join(folder, 'app.js') || files.includes(name.replace(/js$/, 'wxml'))
  esbuild.buildSync({
    entryPoints: files.filter(name => isScript(name) && isEntry(name)),
    outbase: folder,
    outdir: path.join('bundled', program),
    bundle: true,
    minify: true,
    packages: 'external',
    format: 'cjs',
    target: 'es2018',
    charset: 'utf8',
    logLevel: 'error'
  })
  for (const name of files.filter(name => !isScript(name) || name.includes('miniprogram_npm'))) {
    write(path.join('bundled', program, path.relative(folder, name)), fs.readFileSync(name))
  }
}
