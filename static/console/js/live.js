// Parts of a page that follow by themselves while it is looked at: those with data-live, by their ids.
import { announce } from './announce.js';
import { prepareTables } from './sortable.js';

const STEADY = 'input:focus, textarea:focus, select:focus, .show, :active'
const likenessOf = place => [place.tagName, place.id, place.getAttribute('href'), place.dataset.copy, place.textContent.trim()].join()

// Replaced only where it differs, so that nothing flickers; nothing moves under what is typed, an open menu or a press.
// A button or link that had the focus gives it to its like.
function replace (next) {
  const now = document.getElementById(next.id)
  prepareTables(next)
  if (!now || now.isEqualNode(next) || now.querySelector(STEADY)) return false
  const focused = now.contains(document.activeElement) && document.activeElement
  now.replaceWith(next)
  if (focused) [...next.querySelectorAll(focused.tagName)].find(place => likenessOf(place) === likenessOf(focused))?.focus()
  return true
}

// A whole page brings along how much is unread, and whether something waits: the tab says so, too.
function followTab (next) {
  const mark = next.querySelector('link[rel=icon]')
  if (!mark) return
  document.querySelector('link[rel=icon]').setAttribute('href', mark.getAttribute('href'))
  document.title = next.title
}

// Ask for `url` again each `every` milliseconds. `seen` is called with the ids that were replaced; the banner `lost` is
// there while there is no answer. Who may not look any more gets the page anew, which says so; after that, or when `over`
// says so, nothing is asked again.
export function follow (url, every, { lost, seen = () => {}, over = () => false }) {
  function lose () {
    if (lost.hidden) announce(lost.textContent.trim())
    lost.hidden = false
  }

  async function refresh () {
    const response = await fetch(url, { headers: { 'X-Requested-With': 'fetch' } })
    if (response.redirected || response.status === 403 || response.status === 404) {
      window.location.reload()
      return false
    }
    if (!response.ok) {
      lose()
      return true
    }
    const next = new DOMParser().parseFromString(await response.text(), 'text/html')
    lost.hidden = true
    followTab(next)
    seen([...next.querySelectorAll('[data-live]')].filter(part => replace(document.adoptNode(part))).map(part => part.id))
    return !over()
  }

  async function turn () {
    if (document.visibilityState === 'visible') {
      try {
        if (!await refresh()) return
      } catch { lose() }
    }
    window.setTimeout(turn, every)
  }

  if (!over()) window.setTimeout(turn, every)
}
