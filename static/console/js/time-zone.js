// Which time zone this browser is in: pages show times in it, unless the person has chosen another one. Asked for when
// the page has been drawn, as the first question about dates loads all calendars: 16 ms on a slow machine.
const YEAR = 365 * 24 * 3600

function write () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const secure = window.location.protocol === 'https:' ? '; secure' : ''
  if (zone) document.cookie = `${document.body.dataset.zoneCookie}=${zone}; path=/; max-age=${YEAR}; samesite=lax${secure}`
}

window.requestAnimationFrame(() => window.setTimeout(write))
