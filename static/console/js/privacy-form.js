// The agreement's form: rows of third parties come and go immediately; without this the server draws the page anew.
const form = document.getElementById('agreement-form')
const rows = form.querySelector('.party-rows')

function changed () {
  form.dispatchEvent(new window.Event('change', { bubbles: true }))
}

form.addEventListener('click', event => {
  const button = event.target.closest('[data-party-add], [data-party-remove]')
  if (!button) return
  event.preventDefault()
  const fresh = document.getElementById('party-row').content.cloneNode(true)
  if (button.matches('[data-party-add]')) {
    rows.append(fresh)
    rows.lastElementChild.querySelector('input').focus()
    return
  }
  const row = button.closest('.party-row')
  const near = row.nextElementSibling || row.previousElementSibling
  if (!near) rows.append(fresh)
  row.remove();
  (near?.querySelector('[data-party-remove]') || rows.querySelector('input')).focus()
  changed()
})

// A link into the text of the other language opens it first.
document.addEventListener('click', event => {
  const link = event.target.closest('.agreement-errors a[href^="#id_text_"]')
  if (!link) return
  form.querySelector(`[name=tab][value=${link.hash.slice(-2)}]`).checked = true
})

// What to check is asked for where it was checked.
form.addEventListener('change', event => {
  if (event.target.matches('.data-row [type=checkbox]:checked')) event.target.closest('.data-row').querySelector('[type=text]').focus()
})
