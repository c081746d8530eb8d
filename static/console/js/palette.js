// The palette (Ctrl K, ⌘K, /): search, go to a page or do something; Tab limits it to the program of this page and back.
/* global htmx */
import { announce } from './announce.js';
import { isComposing } from './composing.js';

const palette = document.getElementById('palette')
const hits = () => [...palette.querySelectorAll('[role=option]')]
const chosen = () => palette.querySelector('[aria-selected=true]')
const field = () => palette.querySelector('[name=q]')
let answered = '' // the words that the hits are for
let entered = null // Enter that came before its hits

export function openPalette () {
  if (palette.open || document.querySelector('dialog[open]')) return
  palette.showModal()
  htmx.ajax('GET', palette.dataset.url, { source: palette, target: palette, swap: 'innerHTML' })
}

function choose (hit) {
  chosen()?.setAttribute('aria-selected', 'false')
  hit?.setAttribute('aria-selected', 'true')
  hit?.scrollIntoView({ block: 'nearest' })
  field()?.setAttribute('aria-activedescendant', hit?.id ?? '')
}

function follow ({ ctrlKey, metaKey }) {
  entered = null
  if (!chosen()) return
  if (ctrlKey || metaKey) window.open(chosen().href, '_blank', 'noopener')
  else window.location.assign(chosen().href)
}

// Searches only the program of this page, or everything again.
function limit () {
  const only = palette.querySelector('[name=only]')
  const chip = palette.querySelector('.palette-chip')
  only.value = only.value ? '' : '1'
  chip.hidden = !only.value
  for (const words of palette.querySelectorAll('.palette-only span')) words.hidden = !words.hidden
  announce(only.value ? chip.dataset.on : chip.dataset.off)
  field().focus()
  htmx.trigger(field(), 'only')
}

if (palette) {
  document.addEventListener('click', event => {
    if (!event.target.closest('[data-palette]') || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    openPalette()
  })
  palette.addEventListener('click', event => {
    if (event.target === palette) palette.close()
    else if (event.target.closest('[data-only]')) limit()
  })
  palette.addEventListener('close', () => palette.replaceChildren())
  palette.addEventListener('input', () => { entered = null })
  palette.addEventListener('htmx:afterSettle', event => {
    // Only now does the field ask for what is typed: htmx looks at what it has brought in a moment after it is there.
    if (event.detail.target === palette) field()?.focus()
    answered = event.detail.requestConfig.parameters.q ?? ''
    choose(hits()[0])
    if (entered && answered === field().value) follow(entered)
  })

  palette.addEventListener('keydown', event => {
    if (isComposing(event) || event.altKey) return
    const all = hits()
    const place = all.indexOf(chosen())
    const only = palette.querySelector('[name=only]')
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      choose(all[(place + (event.key === 'ArrowDown' ? 1 : -1) + all.length) % all.length])
    } else if (event.key === 'Enter' && event.target === field()) {
      event.preventDefault()
      if (answered === field().value) follow(event)
      else entered = event
    } else if (event.target === field() && only && !event.shiftKey && !event.ctrlKey && !event.metaKey &&
        (event.key === 'Tab' || (event.key === 'Backspace' && only.value && !field().value))) {
      event.preventDefault()
      limit()
    }
  })

  document.addEventListener('keydown', event => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 'k') return
    event.preventDefault()
    openPalette()
  })
}
