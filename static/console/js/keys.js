// Keys without Ctrl: / and ?, j and k in lists, a and r in reviews, g and a letter for a page. core/shortcuts.html lists them and
// has the switch for all of them (WCAG 2.1.4), which this browser keeps.
/* global htmx */
import { openPalette } from './palette.js';

const TYPING = 'input, textarea, select, [contenteditable], dialog'
const THEN = 2000 // ms in which the letter after g has to come
const OFF = 'keys off'
const root = document.documentElement
const areOff = () => root.hasAttribute('data-keys-off')
let until = 0 // when a letter after g no longer means a page

function remembered () {
  try { return window.localStorage.getItem(OFF) !== null } catch { return false }
}

function turn (on) {
  root.toggleAttribute('data-keys-off', !on)
  try { on ? window.localStorage.removeItem(OFF) : window.localStorage.setItem(OFF, 'yes') } catch { /* storage is off */ }
}

// What a key means in any layout and under an input method, which may send full-width forms, or none at all.
function meant (event) {
  const key = event.key.normalize('NFKC')
  if (/^[!-~]$/.test(key)) return key.toLowerCase()
  if (/^Key[A-Z]$/.test(event.code) && event.key !== 'Dead') return event.code.slice(3).toLowerCase()
  if (event.code === 'Slash') return event.shiftKey ? '?' : '/'
  return ''
}

// The rows of the list on this page that lead somewhere, in their order.
function rows () {
  const all = [...document.querySelectorAll('main tbody tr, main ul.rows > li')]
  return all.map(row => row.querySelector('a[href]')).filter(link => link?.offsetParent)
}

function step (by) {
  const links = rows()
  const here = links.findIndex(link => link.closest('tr, li').contains(document.activeElement))
  const next = links[Math.min(Math.max(here + by, 0), links.length - 1)]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

function showKeys () {
  htmx.ajax('GET', document.body.dataset.shortcuts, { source: document.body, target: '#dialog', swap: 'innerHTML' })
}

// Whether it was one of ours.
function press (key) {
  const marked = (place, name) => /^[a-z]$/.test(key) ? document.querySelector(`${place} [data-${name}=${key}]`) : null
  const leads = Date.now() < until
  until = 0
  if (leads) marked('#sidebar', 'go')?.click()
  else if (key === 'g') until = Date.now() + THEN
  else if (key === '/') openPalette()
  else if (key === '?') showKeys()
  else if (key === 'j') step(1)
  else if (key === 'k') step(-1)
  else {
    const keyed = marked('main', 'key')
    keyed?.focus() // A key alone decides nothing.
    return Boolean(keyed)
  }
  return true
}

function showSwitch (place) {
  const box = place.querySelector?.('[data-keys-switch]')
  if (box) box.checked = !areOff()
}

if (document.getElementById('palette')) {
  root.toggleAttribute('data-keys-off', remembered())
  window.addEventListener('storage', () => root.toggleAttribute('data-keys-off', remembered())) // Another tab has switched.
  document.addEventListener('change', event => { if (event.target.matches('[data-keys-switch]')) turn(event.target.checked) })
  document.addEventListener('htmx:afterSwap', event => showSwitch(event.target))
  showSwitch(document)

  document.addEventListener('keydown', event => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
    if (areOff() || event.target.closest?.(TYPING)) return
    const key = meant(event)
    if (!key || (event.repeat && key === 'g') || (event.shiftKey && /[a-z]/.test(key))) return
    if (press(key)) event.preventDefault()
  })
}
