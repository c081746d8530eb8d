// Theme toggle, switchers, impossible actions.
/* global htmx */
import { announce } from './announce.js';
import { isComposing } from './composing.js';

document.addEventListener('click', event => {
  if (event.target.closest('[data-theme-toggle]')) {
    const root = document.documentElement
    root.dataset.bsTheme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark'
    try { window.localStorage.setItem('theme', root.dataset.bsTheme) } catch { /* storage is off */ }
  }
  if (event.target.closest('[data-print]')) window.print()
  // An impossible action stays reachable by keyboard; it does nothing, and its reason is read out.
  const impossible = event.target.closest('[aria-disabled=true]')
  if (impossible) {
    event.preventDefault()
    const reason = document.getElementById(impossible.getAttribute('aria-describedby'))
    if (reason) announce(reason.textContent)
  }
})

// The rows of a switcher are loaded each time that it opens; those that this browser was last at stand first.
const RECENT = 5
const recentKey = menu => `recent ${menu.dataset.switch}`

function recent (menu) {
  try { return JSON.parse(window.localStorage.getItem(recentKey(menu))) ?? [] } catch { return [] }
}

for (const menu of document.querySelectorAll('[data-switch][data-own]')) {
  const ids = [menu.dataset.own, ...recent(menu).filter(id => id !== menu.dataset.own)].slice(0, RECENT)
  try { window.localStorage.setItem(recentKey(menu), JSON.stringify(ids)) } catch { /* storage is off */ }
}

document.addEventListener('show.bs.dropdown', event => {
  const menu = event.target.closest('.dropdown')?.querySelector('[data-switch]')
  if (!menu) return
  if (menu.closest('#sidebar')) { // Which scrolls, and would cut it off.
    const { left, bottom } = event.target.getBoundingClientRect()
    Object.assign(menu.style, { position: 'fixed', left: `${left}px`, top: `${bottom + 4}px`, maxHeight: `calc(100vh - ${bottom + 16}px)` })
  }
  const focus = () => menu.querySelector('[data-switch-find]')?.focus() // when htmx has looked at the field, which then finds
  menu.addEventListener('htmx:afterSettle', focus, { once: true })
  htmx.ajax('GET', menu.dataset.switch, { source: menu, target: menu, swap: 'innerHTML', values: { recent: recent(menu).join(',') } })
})

document.addEventListener('keydown', event => {
  if (!event.target.matches('[data-switch-find]') || isComposing(event)) return
  const first = event.target.closest('[data-switch]').querySelector('a.dropdown-item')
  if (event.key === 'Enter') {
    event.preventDefault()
    first?.click()
  } else if (event.key === 'ArrowDown') {
    event.preventDefault()
    first?.focus()
  }
})
