import { letGo } from './toasts.js';

// Tell a screen reader.
export function announce (words) {
  const place = document.getElementById('announcer')
  place.textContent = ''
  window.requestAnimationFrame(() => { place.textContent = words })
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
  document.querySelector('.toasts').append(box)
  letGo(box)
}
