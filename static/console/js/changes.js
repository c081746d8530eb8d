// The tree of changed files: which one is open, said to the eye and to screen readers.
document.addEventListener('htmx:afterSwap', event => {
  if (event.target.id !== 'file') return
  const shown = document.getElementById('file-title')?.textContent
  const from = event.detail.requestConfig?.elt
  for (const link of document.querySelectorAll('[data-changes] a')) {
    const here = new URL(link.href).searchParams.get('path') === shown
    if (here) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
  if (from?.matches('a')) document.getElementById('file').focus({ preventScroll: true })
})
