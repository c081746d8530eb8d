// The order of a short table that is on the page as a whole, table[data-sortable=name]: a head sorts upwards, then downwards.
// How a person left a table is kept in this browser for that person. Longer lists are sorted by the server (core/filters.py).
import { language } from './figures.js';

const STATES = ['red', 'orange', 'blue', 'green', 'secondary'] // what needs somebody first
const keyOf = table => `sort ${document.body.dataset.user} ${table.dataset.sortable}`

// What a cell is sorted by: its time, or its state and then its words; "" is nothing, and comes last.
function worth (cell) {
  const time = cell?.querySelector('time')
  if (time) return time.dateTime
  const words = cell?.textContent.trim().replace(/(\d),(?=\d{3})/g, '$1') ?? ''
  const state = STATES.findIndex(colour => cell?.querySelector(`.status-${colour}:not(.status-dot)`))
  return words === '–' ? '' : `${state < 0 ? '' : state} ${words}`.trim()
}

function sort (table, column, down) {
  const { compare } = new Intl.Collator(language, { numeric: true })
  const rows = [...table.tBodies[0].rows].map(row => ({ row, value: worth(row.cells[column]) }))
  rows.sort((one, other) => (one.value === '') - (other.value === '') || (down ? -1 : 1) * compare(one.value, other.value))
  table.tBodies[0].append(...rows.map(({ row }) => row))
  for (const head of table.tHead.rows[0].cells) {
    if (head.hasAttribute('aria-sort')) head.setAttribute('aria-sort', head.cellIndex !== column ? 'none' : down ? 'descending' : 'ascending')
  }
}

export function sortBy (button) {
  const head = button.closest('th')
  const table = button.closest('table')
  const down = head.getAttribute('aria-sort') === 'ascending'
  sort(table, head.cellIndex, down)
  try { window.localStorage.setItem(keyOf(table), `${down ? '-' : ''}${head.cellIndex}`) } catch { /* storage is off */ }
}

// Make the heads of the tables in `root` buttons, and sort the tables as the person left them.
export function prepareTables (root) {
  for (const table of root.querySelectorAll('table[data-sortable]')) {
    if (!table.tHead || table.tBodies[0].rows.length < 2) continue
    for (const head of table.tHead.rows[0].cells) {
      if (head.querySelector('*') || !head.textContent.trim()) continue
      const button = document.createElement('button')
      button.type = 'button'
      button.className = 'sort-link'
      button.textContent = head.textContent.trim()
      head.replaceChildren(button)
      head.setAttribute('aria-sort', 'none')
    }
    let kept = null
    try { kept = window.localStorage.getItem(keyOf(table)) } catch { /* storage is off */ }
    const [, down, column] = /^(-?)(\d)$/.exec(kept) ?? []
    if (table.tHead.rows[0].cells[column]?.hasAttribute('aria-sort')) sort(table, Number(column), down === '-')
  }
}
