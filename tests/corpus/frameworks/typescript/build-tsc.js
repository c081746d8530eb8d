// After tsc: minify each file, and put the packages where the developer tools' "build npm" puts them.
const esbuild = require('esbuild')
const fs = require('fs')
const path = require('path')
const terser = require('terser')
const { copy, walk } = require('./files')

const output = 'dist-tsc'
const options = { compress: { passes: 2 }, mangle: { toplevel: true } }

async function minify (name) {
  const { code } = await terser.minify(fs.readFileSync(name, 'utf8'), options)
  fs.writeFileSync(name, code)
}

async function main () {
  const scripts = walk(output).filter(name => name.endsWith('.js'))
  const used = scripts.map(name => fs.readFileSync(name, 'utf8')).join('\n')
  for (const name of ['miniprogram-api-promise', 'tslib']) {
    if (!used.includes(`require("${name}")`)) continue
    const target = path.join(output, 'miniprogram_npm', name, 'index.js')
    esbuild.buildSync({ entryPoints: [require.resolve(name)], outfile: target, bundle: true, format: 'cjs' })
    scripts.push(target)
  }
  for (const name of scripts) await minify(name)
  copy(output)
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
