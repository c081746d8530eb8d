// The task form: who types a range means its row. The side column refreshes itself, see grayscale/form.html.
const form = document.getElementById('task-form')

form?.addEventListener('input', event => {
  const row = event.target.closest('.range-row')
  if (!row || event.target.type === 'checkbox' || !event.target.value) return
  row.querySelector('[type=checkbox]').checked = true
})
