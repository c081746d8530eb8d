// <button data-copy="…" data-copied="Copied">
import { announce } from './announce.js';

async function write (text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  // Without https there is no clipboard API.
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'visually-hidden'
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}

document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  event.preventDefault()
  await write(button.dataset.copy)
  button.focus()
  button.classList.add('copied')
  announce(button.dataset.copied)
  window.setTimeout(() => button.classList.remove('copied'), 1500)
})
