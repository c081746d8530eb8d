// Keywords of a public template: a button adds an empty row; without this, two are there.
const part = document.getElementById('keyword-rows')
const total = part.querySelector('[name$=TOTAL_FORMS]')
const rows = part.querySelector('[data-rows]')
const button = part.querySelector('[data-add]')

function draw () {
  button.hidden = rows.childElementCount >= Number(part.dataset.most)
}

button.addEventListener('click', () => {
  const row = part.querySelector('template').content.firstElementChild.cloneNode(true)
  for (const element of row.querySelectorAll('*')) {
    for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll('__prefix__', total.value)
  }
  total.value = Number(total.value) + 1
  rows.append(row)
  row.querySelector('select, input:not([type=hidden])').focus()
  draw()
})
draw()
