// Builds what browsers load out of `static/console` and npm's packages into a folder, under the names of the sources.
// Run by assets.py, with that folder and those of modules and templates in which a class may be named.
import { readFileSync } from 'node:fs'
import { cp, readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { PurgeCSS } from 'purgecss'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const [OUT, ...folders] = process.argv.slice(2)
const at = (...parts) => path.join(ROOT, ...parts)

// Where the words stand of which class names may be made: too many keep a rule that nobody needs, too few lose one.
const CONTENT = [
  at('static/console/js/*.js'),
  at('node_modules/@tabler/core/js/src/bootstrap/dropdown.ts'),
  at('node_modules/@tabler/core/dist/libs/tom-select/dist/js/tom-select.base.min.js'),
  ...folders.map(folder => `${folder}/**/*.{html,py}`)
]
// Names that are put together, so that no file has them: `status-{{ colour }}`, `bg-{{ colour }}-lt`, `text-{{ colour }}`,
// and the sizes of a person's or a thing's initials.
const COLOUR = '(blue|azure|indigo|purple|pink|red|orange|yellow|lime|green|teal|cyan|dark|secondary)'
const COMPOSED = new RegExp(`^((status|text)-${COLOUR}|bg-${COLOUR}-lt|avatar-(xs|sm|md|lg))$`)
// Words of ours that are no classes, but name whole families of Tabler's. Tests look for these on pages, too.
const WORDS = new RegExp(`^(${[
  'accordion', 'calendar', 'dropend', 'dropstart', 'dropup', 'empty', 'form-floating', 'grid', 'input-group', 'lead', 'loader', 'mention',
  'modal', 'nav-tabs', 'placeholder', 'popover', 'row', 'signal', 'signature', 'steps', 'tag', 'tooltip'
].join('|')})(-|$)`)
// The attributes that scripts put together, dataset.bsTheme; of others the words count, as of classes.
const SET = ['data-bs-theme', 'data-bs-popper', 'data-tblr-popper']

// Tabler's variables that our own styles and scripts read.
const readByUs = async () => {
  const files = (await readdir(at('static/console'), { recursive: true })).filter(name => /\.(css|js)$/.test(name))
  const texts = await Promise.all(files.map(name => readFile(at('static/console', name), 'utf8')))
  return texts.flatMap(text => text.match(/--tblr-[\w-]+/g) ?? [])
}

async function purge (css) {
  const [purged] = await new PurgeCSS().purge({
    css: [{ raw: css }],
    content: CONTENT,
    defaultExtractor: text => text.match(/[\w-]+/g) ?? [],
    safelist: { standard: [COMPOSED], variables: await readByUs() },
    blocklist: [WORDS],
    dynamicAttributes: SET,
    keyframes: true,
    variables: true,
    rejected: true
  })
  await writeFile(path.join(OUT, '../built.removed.json'), JSON.stringify(purged.rejected)) // Tests look for it on pages.
  return purged.css
}

const purged = {
  name: 'purged',
  setup: ({ onLoad }) => onLoad({ filter: /tabler\.min\.css$/ }, async file => (
    { contents: await purge(await readFile(file.path, 'utf8')), loader: 'css' }
  ))
}

// What a template names is built with all that it imports; what else lies there is only imported.
const templates = await readdir(at('templates'), { recursive: true })
const named = new Set(templates.filter(name => name.endsWith('.html')).flatMap(name => {
  const text = readFileSync(at('templates', name), 'utf8')
  const modules = [...text.matchAll(/\{% module "([\w-]+)" %\}/g)].map(([, module]) => `console/js/${module}.js`)
  return [...modules, ...text.match(/console\/[\w/-]+\.(css|js)/g) ?? []]
}))

await build({
  entryPoints: [...named].map(name => at('static', name)),
  outbase: at('static'),
  outdir: OUT,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox113', 'safari16.4'],
  legalComments: 'eof',
  assetNames: 'console/fonts/[name]',
  loader: { '.woff2': 'file' },
  plugins: [purged],
  logLevel: 'warning'
})
await cp(at('static/console'), path.join(OUT, 'console'), { recursive: true, filter: name => !/\.(css|js)$/.test(name) })
await cp(at('node_modules/@fontsource-variable/inter/LICENSE'), path.join(OUT, 'console/fonts/LICENSE'))
