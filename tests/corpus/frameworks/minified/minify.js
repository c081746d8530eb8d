// Each script by itself, as the developer tools do it: modules become CommonJS, names become letters.
const esbuild = require('esbuild')
const fs = require('fs')
const path = require('path')
const terser = require('terser')
const { isScript, names, walk, write } = require('./files')

const options = { compress: { passes: 2 }, mangle: { toplevel: true } }

async function minify (text) {
  const isModule = /^(import|export)\b/m.test(text)
  const plain = isModule ? esbuild.transformSync(text, { format: 'cjs', target: 'es2018' }).code : text
  return (await terser.minify(plain, options)).code
}

async function main () {
  for (const program of names) {
    const folder = path.join('programs', program)
    for (const name of walk(folder)) {
      const target = path.join('minified', program, path.relative(folder, name))
      const content = fs.readFileSync(name)
      write(target, isScript(name) ? await minify(content.toString()) : content)
    }
  }
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
