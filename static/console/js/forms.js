// Filters that submit themselves, textareas that count, one submit per form.
import { number } from './figures.js';
import { focusMarked, focusPage } from './focus.js';

document.addEventListener('change', event => {
  const form = event.target.closest('form[data-auto-submit]')
  if (form) form.requestSubmit()
})

// Enter in a field would press the first button: in a form that decides, the button itself has to be pressed.
document.addEventListener('keydown', event => {
  if (event.key === 'Enter' && event.target.matches('input') && event.target.form?.hasAttribute('data-decides')) event.preventDefault()
})

function count (area) {
  let place = area.previousElementSibling
  if (!place?.matches('.counter')) {
    place = document.createElement('span')
    place.className = 'counter'
    place.setAttribute('aria-hidden', 'true')
    area.before(place)
  }
  place.textContent = document.getElementById('announcer').dataset.counter
    .replace('N', number([...area.value].length)).replace('M', number(area.maxLength))
}

function prepare (root) {
  for (const area of root.querySelectorAll('textarea[maxlength]')) count(area)
}

document.addEventListener('input', event => {
  if (event.target.matches('textarea[maxlength]')) count(event.target)
})
document.addEventListener('htmx:afterSettle', event => {
  prepare(event.target)
  if (event.target.querySelector('[data-focus]')) focusMarked(event.target)
})
prepare(document)
focusPage()

// A second click must not send the form twice; a form that downloads stays on the page and may be sent again later.
document.addEventListener('submit', event => {
  const form = event.target
  if (form.method !== 'post' || form.hasAttribute('hx-post')) return
  if (form.dataset.sent) event.preventDefault()
  form.dataset.sent = 'yes'
  window.setTimeout(() => { delete form.dataset.sent }, 5000)
})
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent
})
