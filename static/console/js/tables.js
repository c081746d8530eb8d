// Tables: rows to select, how dense they are, and the order of short ones.
import { prepareTables, sortBy } from './sortable.js';

// The bar that names how many are selected is there while there is one.
const form = document.querySelector('[data-selection]')
const all = document.querySelector('[data-pick-all]')
const boxes = [...document.querySelectorAll('[data-pick]')]

function draw () {
  const count = boxes.filter(box => box.checked).length
  form.hidden = count === 0
  form.querySelector('[data-count]').textContent = form.dataset.words.replace('N', count)
  all.checked = count > 0 && count === boxes.length
  all.indeterminate = count > 0 && count < boxes.length
}

function tick (ticked) {
  for (const box of boxes) box.checked = ticked
  draw()
}

if (form && all) {
  document.addEventListener('change', event => {
    if (event.target === all) tick(all.checked)
    else if (event.target.matches('[data-pick]')) draw()
  })
  form.querySelector('[data-clear]').addEventListener('click', () => {
    tick(false)
    all.focus()
  })
  // A page that the browser brings back has its ticks.
  window.addEventListener('pageshow', draw)
  draw()
}

// Density: this browser's, for all tables.
function press () {
  const now = document.documentElement.dataset.density ?? 'roomy'
  for (const button of document.querySelectorAll('button[data-density]')) button.setAttribute('aria-pressed', button.dataset.density === now)
}

document.addEventListener('click', event => {
  const chosen = event.target.closest('button[data-density]')?.dataset.density
  if (!chosen) return
  if (chosen === 'compact') document.documentElement.dataset.density = chosen
  else delete document.documentElement.dataset.density
  try { window.localStorage.setItem('density', chosen) } catch { /* storage is off */ }
  press()
})
press()

document.addEventListener('click', event => {
  const button = event.target.closest('button.sort-link')
  if (button) sortBy(button)
})
prepareTables(document)
