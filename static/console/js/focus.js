// Where the focus begins: in the first field that is wrong, else in the first field of the form that a page or dialog is about
// (form[data-first-field]). [data-focus] is what says itself where to begin; "errors" gives way to a field that is wrong.
const FIELDS = 'input:not([type=hidden], [type=submit], [type=button], [type=image], .visually-hidden), textarea, select, [contenteditable=true]'
const WRONG = '[aria-invalid=true], .is-invalid'

const isShown = element => element.getClientRects().length > 0 && !element.closest('[aria-hidden=true]')
const isFree = field => !field.disabled && !field.readOnly && isShown(field)

function first (root, selector, fits = isShown) {
  return [...root.querySelectorAll(selector)].find(fits)
}

// Where to begin where something has to be said or mended.
function marked (root) {
  return first(root, '[data-focus]:not([data-focus=errors])') ?? first(root, WRONG, isFree) ?? first(root, '[data-focus], [autofocus]')
}

// In a form: of radio buttons the one that is chosen, as Space on another one would choose that.
function beginning (root) {
  const field = first(root, FIELDS, isFree)
  if (field?.type !== 'radio') return field
  return first(root, `[type=radio][name="${CSS.escape(field.name)}"]:checked`, isFree) ?? field
}

export function focusMarked (root) {
  marked(root)?.focus()
}

// The page: unless a link names a place on it, or somebody was quicker.
export function focusPage () {
  const found = marked(document)
  if (found) return found.focus()
  if (window.location.hash || document.activeElement !== document.body) return
  const form = document.querySelector('main form[data-first-field]')
  if (form) beginning(form)?.focus({ preventScroll: true })
}

export function focusDialog (dialog) {
  const found = marked(dialog) ?? beginning(dialog) ?? dialog.querySelector('.dialog-foot .btn')
  found?.focus()
}
