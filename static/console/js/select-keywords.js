// Keywords of a template: chosen in one list, put in order in another, shown on the phone immediately. What is sent are the
// checkboxes and the fields for places; without this they are filled in by hand.
import Sortable from '@tabler/core/dist/libs/sortablejs/Sortable.min.js'
import { announce } from './announce.js'

const form = document.getElementById('select-form')
const list = document.getElementById('selected-list')
const most = Number(form.dataset.most)
const sources = [...form.querySelectorAll('.keywords-list > li')]
const taken = [...form.querySelectorAll('[data-set]')].map(each => each.dataset.set)
const show = (id, shown) => { document.getElementById(id).hidden = !shown }
const boxOf = source => source.querySelector('[type=checkbox]')
const sourceOf = row => sources.find(source => source.dataset.number === row.dataset.number)
const fill = (words, values) => words.replace(/\b(NAME|N|M)\b/g, word => values[word])

function addRow (source) {
  const row = document.getElementById('selected-row').content.firstElementChild.cloneNode(true)
  row.dataset.number = source.dataset.number
  row.querySelector('.selected-name').textContent = source.dataset.name
  row.querySelector('.selected-key').textContent = source.dataset.key
  list.append(row)
}

// Everything follows from the order of the rows.
function follow () {
  const rows = [...list.children]
  const chosen = rows.map(sourceOf)
  rows.forEach((row, index) => {
    row.querySelector('.selected-place').textContent = index + 1
    const words = { NAME: chosen[index].dataset.name, N: index + 1, M: rows.length }
    for (const button of row.querySelectorAll('[data-label]')) button.setAttribute('aria-label', fill(button.dataset.label, words))
    const [up, down] = row.querySelectorAll('[data-step]')
    up.disabled = index === 0
    down.disabled = index === rows.length - 1
  })
  for (const source of sources) {
    source.querySelector('.keyword-place').value = chosen.indexOf(source) + 1 || ''
    block(boxOf(source), rows.length >= most && !chosen.includes(source), 'keywords-full')
  }
  show('keywords-full', rows.length >= most)
  for (const room of form.querySelectorAll('[data-room]')) room.hidden = Number(room.dataset.room) !== most - rows.length
  document.getElementById('selected-count').textContent = fill(form.dataset.count, { N: rows.length, M: most })
  judge(rows)
  preview(chosen)
}

// The server refuses the same; here it is said before anything is sent.
function judge (rows) {
  const numbers = rows.map(row => Number(row.dataset.number)).sort((one, other) => one - other).join()
  const same = taken.includes(numbers)
  show('same-keywords', same)
  show('nothing-chosen', !rows.length)
  block(document.getElementById('select-submit'), same || !rows.length, same ? 'same-keywords' : 'nothing-chosen')
  if (same) announce(document.getElementById('same-keywords').textContent)
}

// An impossible choice stays reachable, and its reason is read out (frame.js).
function block (element, impossible, reason) {
  element.classList.toggle('btn-impossible', impossible && element.matches('.btn'))
  if (impossible) {
    element.setAttribute('aria-disabled', 'true')
    element.setAttribute('aria-describedby', reason)
  } else {
    element.removeAttribute('aria-disabled')
    element.removeAttribute('aria-describedby')
  }
}

function preview (chosen) {
  document.getElementById('preview-rows').replaceChildren(...chosen.map(source => {
    const line = document.createElement('div')
    const [name, example] = [document.createElement('dt'), document.createElement('dd')]
    name.textContent = source.dataset.name
    example.textContent = source.dataset.example
    line.append(name, example)
    return line
  }))
  show('preview-nothing', !chosen.length)
}

function changed () {
  for (const error of form.querySelectorAll('[data-server-error]')) error.remove()
  follow()
}

function tell (words, row) {
  const values = { NAME: sourceOf(row).dataset.name, N: [...list.children].indexOf(row) + 1, M: list.children.length }
  announce(fill(words, values))
}

function move (row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling
  if (!other) return
  if (step < 0) row.after(other)
  else row.before(other) // The neighbour moves, so that the focus stays where it is.
  changed()
  tell(form.dataset.moved, row)
}

function remove (row) {
  const next = row.nextElementSibling || row.previousElementSibling
  const source = sourceOf(row)
  boxOf(source).checked = false
  row.remove()
  changed()
  announce(fill(form.dataset.removed, { NAME: source.dataset.name }))
  ;(next?.querySelector('[data-remove]') || boxOf(source)).focus()
}

form.addEventListener('change', event => {
  if (event.target.name !== 'numbers') return
  const source = event.target.closest('li')
  const row = list.querySelector(`[data-number="${source.dataset.number}"]`)
  if (event.target.checked && !row) addRow(source)
  if (!event.target.checked) row?.remove()
  changed()
  if (event.target.checked) tell(form.dataset.added, list.lastElementChild)
  else announce(fill(form.dataset.removed, { NAME: source.dataset.name }))
})

list.addEventListener('click', event => {
  const button = event.target.closest('button')
  const row = button?.closest('li')
  if (button?.matches('[data-remove]')) remove(row)
  if (button?.matches('[data-step]')) {
    move(row, Number(button.dataset.step))
    if (button.disabled) row.querySelector('[data-step]:not(:disabled)').focus()
  }
})

list.addEventListener('keydown', event => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
  if (!step || !event.target.matches('[data-handle]')) return
  event.preventDefault()
  move(event.target.closest('li'), step)
})

const search = document.getElementById('keywords-search')
search.addEventListener('input', () => {
  const words = search.value.trim().toLocaleLowerCase()
  for (const source of sources) source.hidden = !source.textContent.toLocaleLowerCase().includes(words)
  show('keywords-none', sources.every(source => source.hidden))
})
search.addEventListener('keydown', event => { if (event.key === 'Enter') event.preventDefault() })

const place = source => Number(source.querySelector('.keyword-place').value) || most + 1
sources.filter(source => boxOf(source).checked).sort((one, other) => place(one) - place(other)).forEach(addRow)
follow()
new Sortable(list, { // eslint-disable-line no-new
  handle: '[data-handle]',
  animation: window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 150,
  forceFallback: true, // A copy of the row follows the pointer, also on touch screens,
  fallbackOnBody: true, // outside the list, whose order everything follows while one drags.
  dragClass: 'selected-lifted',
  ghostClass: 'selected-hole',
  onChange: event => {
    changed()
    document.querySelector('body > .selected-lifted .selected-place').textContent = [...list.children].indexOf(event.item) + 1
  },
  onEnd: event => {
    if (event.oldIndex !== event.newIndex) tell(form.dataset.moved, event.item)
  }
})
