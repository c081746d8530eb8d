// Parts of a page that follow by themselves while it is looked at: those with data-live, by their ids.
import { prepareTables } from './sortable.js';

// Replaced only where it differs, so that nothing flickers; nothing moves under the focus or an open menu.
function replace (next) {
  const now = document.getElementById(next.id)
  prepareTables(next)
  if (!now || now.isEqualNode(next) || now.contains(document.activeElement) || now.querySelector('.show')) return false
  now.replaceWith(next)
  return true
}

// A whole page brings along how much is unread, and whether something waits: the tab says so, too.
function followTab (next) {
  const mark = next.querySelector('link[rel=icon]')
  if (!mark) return
  document.querySelector('link[rel=icon]').setAttribute('href', mark.getAttribute('href'))
  document.title = next.title
}

// Ask for `url` again each `every` milliseconds. `seen` is called with the ids that were replaced, `lost` when there was
// no answer, `barred` when the person may not look any more; after that, or when `over` says so, nothing is asked again.
export function follow (url, every, { seen = () => {}, lost = () => {}, barred = () => {}, over = () => false } = {}) {
  async function refresh () {
    const response = await fetch(url, { headers: { 'X-Requested-With': 'fetch' } })
    if (response.redirected || response.status === 403 || response.status === 404) {
      barred()
      return false
    }
    if (!response.ok) {
      lost()
      return true
    }
    const next = new DOMParser().parseFromString(await response.text(), 'text/html')
    followTab(next)
    seen([...next.querySelectorAll('[data-live]')].filter(part => replace(document.adoptNode(part))).map(part => part.id))
    return !over()
  }

  async function turn () {
    if (document.visibilityState === 'visible') {
      try {
        if (!await refresh()) return
      } catch { lost() }
    }
    window.setTimeout(turn, every)
  }

  if (!over()) window.setTimeout(turn, every)
}
