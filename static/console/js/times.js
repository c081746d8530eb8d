// The exact time behind a relative one, also without a mouse: a tap or click shows it beside the words, the button at the
// foot of each page shows all of them in their place, which this browser keeps.
const KEPT = 'exact times'
const root = document.documentElement
const button = document.querySelector('[data-exact-times]')
const hint = document.createElement('div')

function keep (on) {
  try { on ? window.localStorage.setItem(KEPT, 'yes') : window.localStorage.removeItem(KEPT) } catch { /* storage is off */ }
}

function turn (on) {
  root.toggleAttribute('data-times', on)
  button?.setAttribute('aria-pressed', String(on))
}

button?.addEventListener('click', () => {
  turn(!root.hasAttribute('data-times'))
  keep(root.hasAttribute('data-times'))
})
if (button) {
  try { turn(window.localStorage.getItem(KEPT) !== null) } catch { /* storage is off */ }
  button.hidden = false
}

hint.className = 'time-hint'
hint.popover = 'auto' // Esc and a tap elsewhere close it.
document.body.append(hint)
document.addEventListener('click', event => {
  const time = event.target.closest('time[title]')
  if (!time || time.closest('a, button, summary, label') || root.hasAttribute('data-times')) return
  hint.textContent = time.title
  hint.showPopover()
  const { left, bottom } = time.getBoundingClientRect()
  hint.style.left = `${Math.max(8, Math.min(left, window.innerWidth - hint.offsetWidth - 8))}px`
  hint.style.top = `${Math.min(bottom + 4, window.innerHeight - hint.offsetHeight - 8)}px`
})
