// The sandbox: preview and call follow what is typed, and either half follows the other.

const form = document.getElementById('sandbox')
const body = document.getElementById('sandbox-body')
const inputs = [...form.querySelectorAll('[data-key]')]
const rows = [...document.querySelectorAll('#preview-rows dd')]
const field = name => document.getElementById(`sandbox-${name}`)
const isJson = () => form.elements.mode.value === 'json'

function fromFields () {
  const message = { touser: field('openid').value.trim() || form.dataset.placeholder, template_id: form.dataset.templateId }
  if (field('page').value.trim()) message.page = field('page').value.trim()
  message.data = Object.fromEntries(inputs.map(input => [input.dataset.key, { value: input.value }]))
  return { ...message, miniprogram_state: field('program_state').value, lang: field('lang').value }
}

// What can't be read yet is still being typed.
function fromJson () {
  try {
    const message = JSON.parse(body.value)
    return message && typeof message === 'object' ? message : null
  } catch {
    return null
  }
}

function valueOf (message, key) {
  const value = message.data?.[key]?.value
  return ['string', 'number'].includes(typeof value) ? String(value) : ''
}

function intoFields (message) {
  for (const input of inputs) input.value = valueOf(message, input.dataset.key)
  field('openid').value = message.touser && message.touser !== form.dataset.placeholder ? message.touser : ''
  field('page').value = typeof message.page === 'string' ? message.page : ''
  for (const [name, value] of [['program_state', message.miniprogram_state], ['lang', message.lang]]) {
    if ([...field(name).options].some(option => option.value === value)) field(name).value = value
  }
}

// The JSON stays as it was typed until a field is edited, and while it can't be read.
let edited = false
const mayWrite = () => !body.value.trim() || (edited && fromJson())

function follow (event) {
  if (event?.target.name !== 'mode') edited = Boolean(event) && event.target !== body
  const message = isJson() ? fromJson() : fromFields()
  if (message) inputs.forEach((input, index) => { if (rows[index]) rows[index].textContent = valueOf(message, input.dataset.key) })
  if (message && isJson()) intoFields(message)
  const text = isJson() ? body.value : JSON.stringify(message, null, 2)
  if (!isJson() && mayWrite()) body.value = text
  document.getElementById('request-body').textContent = text
  document.getElementById('copy-json').dataset.copy = text
  document.getElementById('copy-curl').dataset.copy = `${form.dataset.curl}'${text.replaceAll("'", "'\\''")}'`
}

form.addEventListener('input', follow)
form.addEventListener('change', follow)
form.querySelector('[data-fill]').addEventListener('click', event => {
  event.preventDefault()
  for (const input of inputs) input.value ||= input.dataset.example
  follow(event)
})
follow()
