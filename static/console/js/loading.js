// A thin bar while a page, or an answer that htmx asked for, lets wait longer than SLOW; what takes its place takes it away.
import { announce } from './announce.js';

const SLOW = 300 // ms
const NEVER = 30_000 // ms after which a page that did not come is no longer waited for: it was a file, or was stopped
const bar = document.getElementById('loading')
const main = document.getElementById('main')
const waiting = new Set()
let clock = null

function show () {
  bar.hidden = false
  main?.setAttribute('aria-busy', 'true')
  announce(bar.dataset.words)
}

function begin (what) {
  waiting.add(what)
  clock ??= window.setTimeout(show, SLOW)
}

function end (what) {
  waiting.delete(what)
  if (waiting.size) return
  window.clearTimeout(clock)
  clock = null
  bar.hidden = true
  main?.removeAttribute('aria-busy')
}

document.addEventListener('htmx:beforeSend', event => begin(event.detail.xhr))
document.addEventListener('htmx:afterRequest', event => end(event.detail.xhr))

// A file that is saved leaves the page where it is: the browser says nothing of it, but a link may.
let saved = false
document.addEventListener('click', event => { saved = Boolean(event.target.closest('a[download], a[data-file]')) })
document.addEventListener('submit', event => { saved = event.target.matches('[data-download]') })
window.addEventListener('beforeunload', event => {
  if (saved || event.defaultPrevented) return
  begin(window)
  window.setTimeout(() => end(window), NEVER)
})
for (const name of ['pageshow', 'pagehide']) window.addEventListener(name, () => end(window))
document.addEventListener('keydown', event => { if (event.key === 'Escape') end(window) }) // The browser stops, too.
