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
// Empty rows at the end are for who has no script.
function isEmpty (row) {
  return [...row.querySelectorAll('select, textarea, input:not([type=hidden], [type=checkbox])')].every(field => !field.value)
}
while (rows.childElementCount > 1 && isEmpty(rows.lastElementChild)) {
  rows.lastElementChild.remove()
  total.value = Number(total.value) - 1
}
draw()
