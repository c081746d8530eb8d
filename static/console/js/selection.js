// Rows to tick: the bar that names their number is there while there is one.
const form = document.querySelector('[data-selection]')
const all = document.querySelector('[data-pick-all]')
const boxes = [...document.querySelectorAll('[data-pick]')]

function draw () {
  const count = boxes.filter(box => box.checked).length
  form.hidden = count === 0
  form.querySelector('[data-count]').textContent = form.dataset.words.replace('N', count)
  all.checked = count === boxes.length
  all.indeterminate = count > 0 && count < boxes.length
}

function tick (ticked) {
  for (const box of boxes) box.checked = ticked
  draw()
}

if (form) {
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
