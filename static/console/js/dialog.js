// <a data-dialog href="…"> opens that page's dialog part in #dialog. The browser traps the focus, closes on Esc
// and gives the focus back; without JavaScript the link opens the page.
/* global htmx */
import { focusDialog } from './focus.js';
import { mayClose } from './leaving.js';

const dialog = document.getElementById('dialog')

document.addEventListener('click', event => {
  const link = event.target.closest('a[data-dialog]')
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault()
    htmx.ajax('GET', link.getAttribute('href'), { source: link, target: '#dialog', swap: 'innerHTML' })
    return
  }
  if (event.target.closest('[data-close]') && dialog.open) {
    event.preventDefault()
    if (mayClose(dialog)) dialog.close()
  }
})
dialog.addEventListener('cancel', event => { if (!mayClose(dialog)) event.preventDefault() })

// <form data-dialog method="get"> does the same with its fields in the address, that of its button if it has one.
document.addEventListener('submit', event => {
  const form = event.target.closest('form[data-dialog]')
  if (!form) return
  event.preventDefault()
  const address = event.submitter?.getAttribute('formaction') ?? form.getAttribute('action')
  const fields = new URLSearchParams(new FormData(form))
  htmx.ajax('GET', `${address}?${fields}`, { source: event.submitter ?? form, target: '#dialog', swap: 'innerHTML' })
})

// What is downloaded leaves the page as it is: nothing else would close the dialog.
dialog.addEventListener('submit', event => {
  if (event.target.matches('[data-download]')) setTimeout(() => dialog.close())
})

// A click on the backdrop closes, unless the press began inside (text was being selected).
let pressed = null
dialog.addEventListener('pointerdown', event => { pressed = event.target })
dialog.addEventListener('click', event => {
  if (event.target === dialog && pressed === dialog && mayClose(dialog)) dialog.close()
})
dialog.addEventListener('close', () => { dialog.replaceChildren() })

document.addEventListener('htmx:beforeSwap', event => {
  if (event.detail.target !== dialog || !event.detail.shouldSwap) return
  // A whole page came instead of a dialog: the session has ended, or a view has no dialog part. Go there.
  if (/<html[\s>]/i.test(event.detail.serverResponse)) {
    event.detail.shouldSwap = false
    window.location.assign(event.detail.requestConfig.verb === 'get' ? event.detail.pathInfo.requestPath : window.location.href)
  }
})

document.addEventListener('htmx:afterSwap', event => {
  if (event.detail.target !== dialog) return
  if (!dialog.open) dialog.showModal()
  focusDialog(dialog)
})
