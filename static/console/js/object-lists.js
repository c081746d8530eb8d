// Object lists of a grayscale task's form: a chosen txt is sent immediately, read while one can go on, and reported.
// Without this the form brings the file itself.
import { number, percent } from './figures.js';

const running = new WeakMap()

const listOf = element => element.closest('[data-objects-list]')
const find = (list, name) => list.querySelector(`[data-objects-${name}]`)

function say (words) {
  const place = document.getElementById('announcer')
  if (place) place.textContent = words
}

function changed (list) {
  list.dispatchEvent(new window.CustomEvent('change', { bubbles: true }))
}

function showProgress (list, part, words) {
  const box = list.querySelector('.objects-progress')
  box.hidden = false
  box.querySelector('progress').value = part
  find(list, 'words').textContent = words
}

function showError (list, words) {
  find(list, 'error').textContent = words
  if (words) say(words)
}

function finish (list, answer) {
  const field = list.querySelector('[data-objects-file]')
  running.delete(list)
  list.querySelector('.objects-progress').hidden = true
  field.value = ''
  const drop = list.querySelector('.objects-upload > .drop')
  drop.classList.remove('drop-chosen')
  for (const place of drop.querySelectorAll('[data-words]')) place.textContent = place.dataset.words
  showError(list, answer.error || '')
  if (!answer.html) return
  find(list, 'place').innerHTML = answer.html
  say(list.closest('[data-objects]').dataset.ready)
  changed(list)
}

// The answer grows line by line; only the last whole line counts.
function lastLine (text) {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd().split('\n')
  try { return JSON.parse(lines.at(-1)) } catch { return {} }
}

function send (list, file) {
  const { objects, objectsTask, sent, lines, failed } = list.closest('[data-objects]').dataset
  const form = list.closest('form')
  const body = new window.FormData()
  body.append('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value)
  body.append('kind', list.querySelector('[data-objects-file]').dataset.objectsFile)
  body.append('task', objectsTask)
  body.append('file', file)
  const request = new window.XMLHttpRequest()
  running.get(list)?.abort()
  running.set(list, request)
  find(list, 'place').replaceChildren()
  showError(list, '')
  showProgress(list, 0, percent(0))
  request.upload.addEventListener('progress', event => {
    if (!event.lengthComputable) return
    const part = event.loaded / event.total
    showProgress(list, 50 * part, part < 1 ? percent(100 * part) : sent)
  })
  request.addEventListener('progress', () => {
    const step = lastLine(request.responseText)
    if (step.total) showProgress(list, 50 + 50 * step.done / step.total, lines.replace('N', number(step.lines)))
  })
  request.addEventListener('load', () => {
    const last = request.status === 200 ? lastLine(request.responseText) : {}
    finish(list, last.html || last.error ? last : { error: failed })
  })
  request.addEventListener('error', () => finish(list, { error: failed }))
  request.open('POST', objects)
  request.send(body)
}

document.addEventListener('change', event => {
  const list = listOf(event.target)
  if (!list) return
  if (event.target.matches('[data-objects-file]') && event.target.files[0]) send(list, event.target.files[0])
  if (event.target.matches('.objects-add > input') && event.target.checked) {
    list.querySelector('.objects-modes input:checked').focus()
  }
})

document.addEventListener('click', event => {
  const button = event.target.closest('[data-objects-remove], [data-objects-discard], [data-objects-cancel]')
  const list = button && listOf(button)
  if (!list) return
  if (button.matches('[data-objects-cancel]')) {
    running.get(list)?.abort()
    finish(list, {})
    say(list.closest('[data-objects]').dataset.cancelled)
    list.querySelector('[data-objects-file]').focus()
    return
  }
  if (button.matches('[data-objects-discard]')) {
    find(list, 'place').replaceChildren()
    showError(list, '')
    list.querySelector('[data-objects-file]').focus()
  } else {
    const use = list.querySelector('.objects-add > input')
    use.checked = false
    use.focus()
  }
  changed(list)
})
