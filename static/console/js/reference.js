// The reference of the API: a search over its operations, and the one of the address open.
import { announce } from './announce.js';

const reference = document.querySelector('[data-reference]')
const search = document.getElementById('reference-search')
const none = reference.querySelector('.reference-none')
const lines = [...reference.querySelectorAll('[data-operation]')]
const parts = [...reference.querySelectorAll('[data-part]')]

function filter () {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
  let found = 0
  for (const line of lines) {
    const fits = words.every(word => line.dataset.sought.includes(word))
    line.hidden = document.getElementById(line.dataset.operation).hidden = !fits
    if (fits) found++
  }
  for (const part of parts) {
    part.hidden = document.getElementById(part.dataset.part).hidden = !part.querySelector('[data-operation]:not([hidden])')
  }
  document.getElementById('begin').hidden = words.length > 0
  none.hidden = found > 0
  return found
}

let waiting
search.addEventListener('input', () => {
  const found = filter()
  window.clearTimeout(waiting)
  waiting = window.setTimeout(() => announce(reference.dataset.found.replace('N', found)), 500)
})

function open () {
  const target = document.getElementById(decodeURIComponent(window.location.hash.slice(1)))
  if (!target?.matches('.reference-operation')) return
  if (target.hidden) {
    search.value = ''
    filter()
  }
  target.open = true
  target.scrollIntoView()
}

window.addEventListener('hashchange', open)
reference.addEventListener('click', event => {
  const link = event.target.closest('a[href^="#"]')
  if (link && link.hash === window.location.hash) open() // No event tells of the same address once more.
})
if (search.value) filter() // A browser brings back what was typed.
open()
