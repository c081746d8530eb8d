// Which time zone this browser is in: pages show times in it, unless the person has chosen another one.
const YEAR = 365 * 24 * 3600
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const secure = window.location.protocol === 'https:' ? '; secure' : ''
if (zone) document.cookie = `${document.body.dataset.zoneCookie}=${zone}; path=/; max-age=${YEAR}; samesite=lax${secure}`
