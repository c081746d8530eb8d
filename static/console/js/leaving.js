// A question before a changed form is left. What a form was sent with is not asked about, nor are forms in [data-not-kept].
import { isKept } from './drafts.js';

const me = document.body.dataset.user
const touched = new WeakSet()
let sent = null

function differs (field) {
  if (!field.name || field.disabled || ['hidden', 'password', 'submit', 'button', 'fieldset', 'output'].includes(field.type)) return false
  if (field.type === 'file') return field.files.length > 0
  if (['checkbox', 'radio'].includes(field.type)) return field.checked !== field.defaultChecked
  if (!field.matches('select')) return field.value !== field.defaultValue
  const options = [...field.options]
  const first = field.multiple || options.some(option => option.defaultSelected) ? null : options[0]
  return options.some(option => option.selected !== (option.defaultSelected || option === first))
}

// A form that came back with errors holds what was typed, and the server does not.
function isChanged (form) {
  if (form === sent || form.method !== 'post' || form.closest('[data-not-kept]')) return false
  return (touched.has(form) && [...form.elements].some(differs)) || Boolean(me && form.querySelector('.is-invalid:not([type=password])'))
}

// Whether `dialog` may be closed; texts are kept as drafts, so they are no reason to ask.
export function mayClose (dialog) {
  const forms = [...dialog.querySelectorAll('form')].filter(form => touched.has(form) && isChanged(form))
  const isLost = forms.some(form => [...form.elements].some(field => differs(field) && !isKept(field)))
  return !isLost || window.confirm(document.getElementById('announcer').dataset.leave)
}

for (const name of ['input', 'change']) {
  document.addEventListener(name, event => {
    const form = event.target.form
    if (!form) return
    touched.add(form)
    if (form === sent) sent = null
  })
}

window.addEventListener('submit', event => { if (!event.defaultPrevented) sent = event.target })
window.addEventListener('pageshow', () => { sent = null })
document.addEventListener('htmx:beforeOnLoad', event => {
  if (event.detail.xhr.getResponseHeader('HX-Redirect')) sent = event.detail.requestConfig.elt.closest('form')
})

window.addEventListener('beforeunload', event => {
  if ([...document.forms].some(isChanged)) event.preventDefault()
})
