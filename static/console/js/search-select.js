// Selects inside [data-search-select] can be searched. Without this script they are the browser's own.
import TomSelect from '@tabler/core/dist/libs/tom-select/dist/js/tom-select.base.min.js'

function enhance (root) {
  for (const select of root.querySelectorAll('[data-search-select] select:not(.tomselected)')) {
    const nothing = select.closest('[data-search-select]').dataset.nothing
    new TomSelect(select, { // eslint-disable-line no-new
      maxOptions: null,
      maxItems: 1,
      create: false,
      hideSelected: false,
      refreshThrottle: 0, // With its wait, Enter at once takes an option of the list before, and the list opens again after a choice.
      render: { no_results: () => { const row = document.createElement('div'); row.className = 'no-results'; row.textContent = nothing; return row } }
    })
    select.setAttribute('aria-hidden', 'true') // Its label names the control now.
  }
}

document.addEventListener('htmx:afterSettle', () => enhance(document))
enhance(document)
