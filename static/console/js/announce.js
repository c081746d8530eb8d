import { letGo } from './toasts.js';

const announcer = document.getElementById('announcer')
const toasts = document.querySelector('.toasts')

// What is outside a modal dialog is under its backdrop and read by nobody: what is said goes into the topmost one.
function moveTo (place) {
  for (const part of [toasts, announcer]) {
    if (part.parentElement !== place) place.append(part)
  }
}

const moveUp = () => moveTo(document.querySelector('#signed-out[open]') ?? document.querySelector('dialog[open]') ?? document.body)

// Before it closes, or gets other content, which would take them away.
document.addEventListener('close', () => moveTo(document.body), true)
document.addEventListener('htmx:beforeSwap', event => { if (event.detail.target.contains(announcer)) moveTo(document.body) })
document.addEventListener('htmx:afterSwap', moveUp)

// Tell a screen reader.
export function announce (words) {
  moveUp()
  announcer.textContent = ''
  window.requestAnimationFrame(() => { announcer.textContent = words })
}

// Show a toast that the server did not write.
export function toast (words) {
  for (const same of document.querySelectorAll('.toast-error')) {
    if (same.textContent.trim() === words) same.remove() // What asks every few seconds says it once.
  }
  const box = document.createElement('div')
  box.className = 'toast show toast-error'
  const body = document.createElement('div')
  body.className = 'toast-body'
  body.textContent = words
  box.append(body)
  moveUp()
  toasts.append(box)
  letGo(box)
}
