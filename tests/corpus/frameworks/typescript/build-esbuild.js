const esbuild = require('esbuild')
const { copy, entries } = require('./files')

esbuild.buildSync({
  entryPoints: entries,
  outbase: 'src',
  outdir: 'dist-esbuild',
  bundle: true,
  minify: true,
  format: 'cjs',
  target: 'es2018',
  charset: 'utf8'
})
copy('dist-esbuild')
