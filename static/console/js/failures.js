// What is said of requests by htmx that failed. Before dialog.js, which looks at what is going to be shown.
import { toast } from './announce.js';

const words = document.getElementById('announcer').dataset

// Of a busy database we say so in a page or in words; another's 503, of a proxy, must not take the place of a form.
const busy = xhr => xhr?.status === 503 ? xhr.getResponseHeader('Console-Busy') : null

document.addEventListener('htmx:beforeSwap', event => {
  if (busy(event.detail.xhr) !== 'page') return
  event.detail.shouldSwap = true
  event.detail.isError = false
})

document.addEventListener('htmx:responseError', ({ detail: { xhr } }) => {
  if ([401, 403, 404, 409, 422].includes(xhr.status)) return // session.js answers a 401.
  toast(busy(xhr) === 'words' ? xhr.responseText : words.failed)
})
for (const name of ['htmx:sendError', 'htmx:timeout']) {
  document.addEventListener(name, event => toast(event.target.closest('[data-unsent]')?.dataset.unsent ?? words.lost))
}
