// Theme toggle, switchers, toasts, the search key.
/* global htmx */
import { announce } from './announce.js';

document.addEventListener('click', event => {
  if (event.target.closest('[data-theme-toggle]')) {
    const root = document.documentElement
    root.dataset.bsTheme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark'
    try { window.localStorage.setItem('theme', root.dataset.bsTheme) } catch { /* storage is off */ }
  }
  event.target.closest('[data-dismiss]')?.closest('.toast').remove()
  // An impossible action stays reachable by keyboard; it does nothing, and its reason is read out.
  const impossible = event.target.closest('[aria-disabled=true]')
  if (impossible) {
    event.preventDefault()
    const reason = document.getElementById(impossible.getAttribute('aria-describedby'))
    if (reason) announce(reason.textContent)
  }
})

// The rows of a switcher are loaded when it opens for the first time.
document.addEventListener('show.bs.dropdown', event => {
  const menu = event.target.closest('.dropdown')?.querySelector('[data-switch]')
  if (menu && !menu.childElementCount) htmx.ajax('GET', menu.dataset.switch, { source: menu, target: menu, swap: 'innerHTML' })
})

document.addEventListener('keydown', event => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.closest('input, textarea, select, [contenteditable], dialog')) return
  const field = document.querySelector('[data-slash]')
  if (!field?.offsetParent) return
  event.preventDefault()
  field.focus()
})

for (const box of document.querySelectorAll('.toast-success, .toast-info')) {
  window.setTimeout(() => { if (!box.matches(':hover, :focus-within')) box.remove() }, 6000)
}
