// The palette (Ctrl K, ⌘K, /), and the keys of lists and reviews. ? shows them all: core/shortcuts.html.
/* global htmx */
const palette = document.getElementById('palette')
const typing = 'input, textarea, select, [contenteditable], dialog'
const hits = () => [...palette.querySelectorAll('[role=option]')]
const chosen = () => palette.querySelector('[aria-selected=true]')

function open () {
  if (palette.open || document.querySelector('dialog[open]')) return
  palette.showModal()
  htmx.ajax('GET', palette.dataset.url, { source: palette, target: palette, swap: 'innerHTML' })
    .then(() => palette.querySelector('input')?.focus())
}

function choose (hit) {
  chosen()?.setAttribute('aria-selected', 'false')
  hit?.setAttribute('aria-selected', 'true')
  hit?.scrollIntoView({ block: 'nearest' })
  palette.querySelector('input')?.setAttribute('aria-activedescendant', hit?.id ?? '')
}

// The rows of the list on this page that lead somewhere, in their order.
function rows () {
  const all = [...document.querySelectorAll('main tbody tr, main ul.rows > li')]
  return all.map(row => row.querySelector('a[href]')).filter(link => link?.offsetParent)
}

function step (by) {
  const links = rows()
  const here = links.findIndex(link => link.closest('tr, li').contains(document.activeElement))
  const next = links[Math.min(Math.max(here + by, 0), links.length - 1)]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

if (palette) {
  document.addEventListener('click', event => {
    if (!event.target.closest('[data-palette]') || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    open()
  })
  palette.addEventListener('click', event => { if (event.target === palette) palette.close() })
  palette.addEventListener('close', () => palette.replaceChildren())
  palette.addEventListener('htmx:afterSettle', () => choose(hits()[0]))

  palette.addEventListener('keydown', event => {
    const all = hits()
    const place = all.indexOf(chosen())
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      choose(all[(place + (event.key === 'ArrowDown' ? 1 : -1) + all.length) % all.length])
    } else if (event.key === 'Enter' && chosen()) {
      event.preventDefault()
      if (event.ctrlKey || event.metaKey) window.open(chosen().href, '_blank', 'noopener')
      else window.location.assign(chosen().href)
    }
  })

  document.addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      open()
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return
    const keyed = /^[a-z]$/.test(event.key) && document.querySelector(`main [data-key=${event.key}]`)
    if (event.key === '/') open()
    else if (event.key === 'j') step(1)
    else if (event.key === 'k') step(-1)
    else if (event.key === '?') htmx.ajax('GET', document.body.dataset.shortcuts, { source: document.body, target: '#dialog', swap: 'innerHTML' })
    else if (keyed) keyed.focus() // A key alone decides nothing.
    else return
    event.preventDefault()
  })
}
