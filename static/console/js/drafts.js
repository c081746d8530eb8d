// Long texts outlive a closed tab: what is typed into a textarea is kept in this browser until it is sent, for its writer
// alone. They are gone with the sign-out, with another person's sign-in, and after two weeks. Forms in [data-not-kept]
// keep nothing, and neither does a field that is not a textarea: no password or secret ever comes here.
import { announce } from './announce.js';
import { date } from './figures.js';

const KEPT = 14 * 24 * 3600 * 1000 // ms
const LONGEST = 100_000 // characters
const PAUSE = 300 // ms without typing before it is written
const SENT = 'sent drafts'
const SIGNED_IN = 'drafts of' // whose they are: nobody's after the sign-out, also for pages that are still open
const me = document.body.dataset.user
const waiting = new Map()

function read (key) {
  try { return JSON.parse(window.localStorage.getItem(key)) } catch { return null }
}

function write (key, value) {
  try { window.localStorage.setItem(key, JSON.stringify(value)) } catch { /* storage is off or full */ }
}

function remove (key) {
  try { window.localStorage.removeItem(key) } catch { /* storage is off */ }
}

function all () {
  try { return Object.keys(window.localStorage).filter(key => key.startsWith('draft ')) } catch { return [] }
}

export function isKept (area) {
  return Boolean(me) && area.matches('textarea') && area.name && area.form?.method === 'post' && !area.closest('[data-not-kept]')
}

function keyOf ({ form, name }) {
  const address = new URL(form.getAttribute('hx-post') || form.getAttribute('action') || '', window.location.href)
  return `draft ${me} ${address.pathname}${address.search} ${name}`
}

// Of all its fields: pages and dialogs that ask something in between carry a text on in a hidden one.
const keysOf = form => [...new Set([...form.elements].filter(field => field.name).map(keyOf))]

// Writing ------------------------------------------------------------------------------------------------------------

// `base` is what the page had: a draft is put back by itself only into the text that it was written over.
function keep (area) {
  if (read(SIGNED_IN) !== me) return
  const key = keyOf(area)
  const before = read(key)
  if (area.value === before?.text) return
  const base = before ? before.base : area.defaultValue
  if (!area.value || area.value === base || area.value.length > LONGEST) remove(key)
  else write(key, { text: area.value, base, at: Date.now() })
}

function stop () {
  for (const clock of waiting.values()) window.clearTimeout(clock)
  waiting.clear()
}

function flush () {
  const areas = [...waiting.keys()]
  stop()
  areas.forEach(keep)
}

document.addEventListener('input', event => {
  const area = event.target
  if (!isKept(area)) return
  window.clearTimeout(waiting.get(area))
  waiting.set(area, window.setTimeout(() => { waiting.delete(area); keep(area) }, PAUSE))
})
window.addEventListener('pagehide', flush)

// Putting back -------------------------------------------------------------------------------------------------------

function fill (area, text) {
  area.value = text
  area.dispatchEvent(new window.Event('input', { bubbles: true }))
}

function timeOf (at) {
  const timeZone = document.body.dataset.zone
  const today = new Date(at).toDateString() === new Date().toDateString()
  const day = today ? {} : { day: 'numeric', month: 'short' }
  return date(new Date(at), { ...day, hour: '2-digit', minute: '2-digit', timeZone })
}

function note (area, draft, restored) {
  const box = document.getElementById('draft-note').content.firstElementChild.cloneNode(true)
  const words = box.dataset[restored ? 'restored' : 'waits'].replace('TIME', timeOf(draft.at))
  const button = box.querySelector(restored ? '[data-discard]' : '[data-restore]')
  box.querySelector('span').textContent = words
  button.hidden = false
  button.addEventListener('click', () => {
    fill(area, restored ? area.defaultValue : draft.text)
    if (restored) remove(keyOf(area))
    box.remove()
    area.focus()
  })
  area.after(box)
  announce(words)
}

function restore (root) {
  for (const area of root.querySelectorAll('textarea')) {
    if (!isKept(area) || area.dataset.looked) continue
    area.dataset.looked = 'yes'
    const draft = read(keyOf(area))
    if (!draft || draft.text === area.value) continue
    const restores = draft.base === area.defaultValue && area.value === area.defaultValue
    if (restores) fill(area, draft.text)
    note(area, draft, restores)
  }
}

// Letting go ---------------------------------------------------------------------------------------------------------

function forget (keys) {
  for (const key of keys) remove(key)
}

// What was sent is let go when the next page proves that it arrived: by the redirect that follows each success, or by a
// page without errors in which nothing of the form is left.
function settle () {
  const sent = read(SENT)
  remove(SENT)
  const navigation = window.performance.getEntriesByType('navigation')[0]
  if (!sent || sent.user !== me || navigation?.type !== 'navigate') return
  const there = new Set([...document.forms].flatMap(keysOf))
  const isThrough = navigation.redirectCount > 0 || (navigation.responseStatus === 200 && !sent.keys.some(key => there.has(key)))
  if (isThrough) forget(sent.keys)
}

window.addEventListener('submit', event => {
  const form = event.target
  if (form.querySelector('[data-sign-out]')) {
    stop()
    forget([SIGNED_IN, ...all()])
    return
  }
  if (event.defaultPrevented || form.hasAttribute('hx-post')) return
  flush()
  const keys = keysOf(form).filter(key => read(key))
  if (keys.length) write(SENT, { user: me, keys })
})

document.addEventListener('htmx:beforeOnLoad', event => {
  const { xhr, requestConfig } = event.detail
  const form = requestConfig.elt
  if (!form.matches('form') || requestConfig.triggeringEvent?.type !== 'submit' || xhr.status >= 300) return
  flush()
  forget(keysOf(form))
})

for (const key of me ? all() : []) {
  const isMine = key.startsWith(`draft ${me} `)
  if (!isMine || Date.now() - (read(key)?.at ?? 0) > KEPT) remove(key)
}
if (me) {
  write(SIGNED_IN, me)
  settle()
  restore(document)
  document.addEventListener('htmx:afterSettle', () => restore(document))
}
