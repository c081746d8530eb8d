// A secret that is shown once: core/secret.html, in #dialog or as a page. It closes when “I have stored it” is checked.
const shown = root => root.querySelector('form[data-secret]')

function prepare (root) {
  const form = shown(root)
  if (!form) return
  form.querySelector('[data-save]').hidden = false
}

// Esc asks for the check mark; a click beside it does nothing.
document.addEventListener('cancel', event => {
  const form = event.target.matches('dialog') && shown(event.target)
  if (!form) return
  event.preventDefault()
  form.requestSubmit()
}, true)
for (const name of ['pointerdown', 'click']) {
  document.addEventListener(name, event => {
    if (event.target.matches('dialog') && shown(event.target)) event.stopPropagation()
  }, true)
}
document.addEventListener('close', event => {
  const form = event.target.matches('dialog') && shown(event.target)
  if (form) leave(form)
}, true)
document.addEventListener('submit', event => {
  if (!event.target.matches('form[data-secret]')) return
  event.preventDefault()
  leave(event.target)
})

// The page behind is as old as the question, and must not come back with the secret in it.
function leave (form) {
  const url = form.getAttribute('action')
  form.remove()
  window.location.assign(url)
}
window.addEventListener('pagehide', () => shown(document)?.remove())

document.addEventListener('click', event => {
  const button = event.target.closest('[data-save]')
  if (!button) return
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([button.form.querySelector('code').textContent], { type: 'text/plain' }))
  link.download = button.dataset.save
  link.click()
  URL.revokeObjectURL(link.href)
})

document.addEventListener('htmx:afterSettle', event => prepare(event.target))
prepare(document)
