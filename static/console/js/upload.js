// Drop zones and the progress of an upload. A file field works by itself; this makes it comfortable.
import { announce } from './announce.js';
import { number, percent } from './figures.js';

// As the server writes sizes.
const size = bytes => {
  if (bytes < 1024) return number(bytes, { style: 'unit', unit: 'byte', unitDisplay: 'long' })
  const units = ['KB', 'MB', 'GB']
  let step = -1
  do { bytes /= 1024; step++ } while (bytes >= 1024 && step < units.length - 1)
  return `${number(bytes, { minimumFractionDigits: 1, maximumFractionDigits: 1 })}\u00a0${units[step]}`
}

// What the web server would not take, or the console only read to its end to refuse it, is not sent at all.
function refuse (zone, file) {
  const field = zone.querySelector('input[type=file]')
  if (!(file.size > Number(field.dataset.most))) return false
  field.value = ''
  zone.classList.remove('drop-chosen')
  zone.classList.add('drop-refused')
  zone.querySelector('[data-drop-name]').textContent = file.name
  zone.querySelector('[data-drop-hint]').textContent = field.dataset.refused.replace('SIZE', size(file.size))
  announce(zone.querySelector('[data-drop-hint]').textContent)
  return true
}

function show (zone, file) {
  if (refuse(zone, file)) return
  zone.classList.remove('drop-refused')
  zone.classList.add('drop-chosen')
  zone.querySelector('[data-drop-name]').textContent = file.name
  zone.querySelector('[data-drop-hint]').textContent = size(file.size)
  const picture = zone.querySelector('[data-drop-picture]')
  if (picture && file.type.startsWith('image/')) {
    const reader = new window.FileReader()
    reader.addEventListener('load', () => { picture.src = reader.result; picture.hidden = false })
    reader.readAsDataURL(file)
  }
}

document.addEventListener('change', event => {
  const zone = event.target.closest('[data-drop]')
  if (zone && event.target.type === 'file' && event.target.files[0]) show(zone, event.target.files[0])
})

for (const name of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(name, event => {
    const zone = event.target.closest?.('[data-drop]')
    if (!zone) return
    event.preventDefault()
    zone.classList.toggle('drop-over', name === 'dragover')
    if (name !== 'drop' || !event.dataTransfer.files.length) return
    const field = zone.querySelector('input[type=file]')
    const transfer = new window.DataTransfer()
    transfer.items.add(event.dataTransfer.files[0])
    field.files = transfer.files
    field.dispatchEvent(new window.Event('change', { bubbles: true }))
  })
}

document.addEventListener('htmx:xhr:progress', event => {
  const form = event.target.closest('form[data-upload]')
  if (!form || !event.detail.lengthComputable) return
  const box = form.querySelector('.upload')
  const words = box.querySelector('p')
  const part = 100 * event.detail.loaded / event.detail.total
  box.hidden = false
  box.querySelector('progress').value = part
  words.textContent = part < 100 ? percent(part) : words.dataset.sent
})

document.addEventListener('htmx:beforeRequest', event => {
  if (!event.target.matches?.('form[data-upload]')) return
  for (const button of event.target.querySelectorAll('.form-foot button')) button.disabled = true
})
document.addEventListener('htmx:afterRequest', event => {
  if (!event.target.matches?.('form[data-upload]') || event.detail.successful) return
  event.target.querySelector('.upload').hidden = true
  for (const button of event.target.querySelectorAll('.form-foot button')) button.disabled = false
})
