// The log page: rows that open in place, older entries, live tail.
import { announce } from './announce.js';
import { number } from './figures.js';
import { ask, loadParts, move } from './logs-parts.js';

const EVERY = 3000
const SAY_EVERY = 30000
const MOST_ROWS = 200
const PAGE = 50
const root = document.getElementById('logs')

loadParts()

// Criteria -----------------------------------------------------------------------------------------------------------

const criteria = document.querySelector('form.criteria')
const time = criteria.querySelector('.log-time')

// What is empty does not have to be in the URL, and neither does a range that is not asked for.
criteria.addEventListener('submit', () => {
  const range = criteria.querySelector('[name=time][value=range]').checked
  for (const field of criteria.elements) {
    if (field.name && (!field.value || (!range && ['since', 'until'].includes(field.name)))) field.disabled = true
  }
})
window.addEventListener('pageshow', () => { for (const field of criteria.elements) field.disabled = false })
criteria.addEventListener('input', event => {
  if (['since', 'until'].includes(event.target.name)) criteria.querySelector('[name=time][value=range]').checked = true
})
criteria.addEventListener('change', event => {
  if (event.target.name === 'time') document.getElementById('log-time-words').textContent = event.target.parentElement.textContent.trim()
})
document.addEventListener('click', event => { if (!time.contains(event.target)) time.open = false })
time.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || !time.open) return
  time.open = false
  time.querySelector('summary').focus()
})

// Rows ---------------------------------------------------------------------------------------------------------------

const list = () => document.getElementById('log-list')
const table = () => document.querySelector('.log-table')
const rows = () => [...document.querySelectorAll('.log-entry')]

function prepare (entries) {
  for (const entry of entries) entry.querySelector('.log-open').setAttribute('aria-expanded', 'false')
}

function setOpen (entry, open) {
  entry.classList.toggle('log-entry-open', open)
  entry.querySelector('.log-open').setAttribute('aria-expanded', String(open))
  const inside = entry.querySelector('.log-inside')
  if (inside) inside.hidden = !open
}

async function toggle (entry) {
  if (entry.classList.contains('log-entry-open')) {
    entry.querySelector('.log-inside[data-failed]')?.remove()
    return setOpen(entry, false)
  }
  if (!entry.querySelector('.log-inside')) {
    if (entry.dataset.asked) return
    entry.dataset.asked = 'yes'
    const answer = await ask(entry.querySelector('.log-open').getAttribute('href'))
    delete entry.dataset.asked
    const row = document.createElement('tr')
    const cell = document.createElement('td')
    row.className = 'log-inside'
    cell.colSpan = 7
    if (answer) cell.append(...answer.body.children)
    else cell.textContent = row.dataset.failed = root.dataset.failed
    row.append(cell)
    entry.append(row)
  }
  setOpen(entry, true)
}

root.addEventListener('click', event => {
  const link = event.target.closest('.log-open')
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault()
    toggle(link.closest('.log-entry'))
  }
  const older = event.target.closest('#log-older')
  if (older && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault()
    loadOlder(older)
  }
})

async function loadOlder (button) {
  stop('')
  button.setAttribute('aria-busy', 'true')
  const answer = await ask(button.dataset.url)
  const trouble = answer?.querySelector('[data-trouble]')?.dataset.trouble
  if (!answer || trouble) {
    button.removeAttribute('aria-busy')
    return say(trouble ?? root.dataset.failed)
  }
  const entries = [...answer.querySelectorAll('.log-entry')].filter(entry => !document.getElementById(entry.id))
  insert(entries)
  const began = document.querySelector('.log-newest')
  const foot = answer.querySelector('.log-foot')
  if (foot) document.querySelector('.log-foot').replaceWith(foot)
  else button.remove()
  if (!began) document.querySelector('.log-newest')?.remove()
  entries[0]?.querySelector('.log-open').focus({ preventScroll: true })
}

prepare(rows())

// Live tail ----------------------------------------------------------------------------------------------------------

const tail = document.getElementById('log-tail')
let timer = null
let turn = 0
let looked = Date.now()
let said = 0
let unsaid = 0
let fresh = false // since the totals were counted

function say (words) {
  let place = document.querySelector('.log-said')
  if (!place) {
    place = document.createElement('p')
    place.className = 'log-said log-trouble card-body'
    list().before(place)
  }
  place.textContent = words
  announce(words)
}

function rate (words) {
  const badge = document.getElementById('log-rate')
  badge.hidden = !words
  badge.textContent = words
}

function stop (words) {
  window.clearTimeout(timer)
  timer = null
  if (!tail?.checked) return
  tail.checked = false
  rate('')
  if (words) say(words)
}

// Open rows stay. The Older button goes on where the first row is missing; without one, `answer` has it.
function trim (answer) {
  const shut = rows().filter(entry => !entry.classList.contains('log-entry-open'))
  const gone = shut.slice(Math.max(shut.length - (rows().length - MOST_ROWS), 0))
  if (!gone.length) return
  const place = gone[0].previousElementSibling.dataset.place
  for (const entry of gone) entry.remove()
  const foot = answer.querySelector('.log-foot')
  if (!document.getElementById('log-older') && foot) document.querySelector('.log-foot').replaceWith(foot)
  const older = document.getElementById('log-older')
  if (!older) return
  older.href = older.getAttribute('href').replace(/before=[0-9_]+/, `before=${place}`)
  older.dataset.url = older.dataset.url.replace(/before=[0-9_]+/, `before=${place}`)
}

function insert (entries) {
  prepare(entries)
  for (const entry of entries) {
    const [at, id] = entry.dataset.place.split('_').map(BigInt)
    const after = rows().find(other => {
      const [otherAt, otherId] = other.dataset.place.split('_').map(BigInt)
      return otherAt < at || (otherAt === at && otherId < id)
    })
    if (after) after.before(entry)
    else table().append(entry)
  }
}

// How many come in a second: what is new since the last look, or how close the newest are when more are new than one answer holds.
function speed (entries, all) {
  const span = (Number(all[0]?.dataset.time) - Number(all.at(-1)?.dataset.time)) / 1000
  const turns = Math.max(Math.round((Date.now() - looked) / EVERY), 1)
  return entries.length < PAGE ? entries.length / (turns * EVERY / 1000) : all.length / Math.max(span, 0.05)
}

function tell (count) {
  unsaid += count
  if (!unsaid || Date.now() - said < SAY_EVERY) return
  announce(tail.dataset.new.replace('N', number(unsaid)))
  said = Date.now()
  unsaid = 0
}

// False when it has stopped, or was switched off and on while the server answered: then another one goes on.
async function look () {
  const mine = turn
  const answer = await ask(root.dataset.listUrl)
  if (!tail.checked || mine !== turn) return false
  const trouble = answer?.querySelector('[data-trouble]')?.dataset.trouble
  if (trouble || !answer?.getElementById('log-list')) {
    stop(trouble ?? tail.dataset.stopped)
    return false
  }
  const all = [...answer.querySelectorAll('.log-entry')]
  const entries = all.filter(entry => !document.getElementById(entry.id))
  if (entries.length && !rows().length) {
    list().replaceWith(answer.getElementById('log-list'))
    prepare(rows())
  } else if (entries.length) {
    if (entries.length === all.length && all.length >= PAGE) {
      const note = document.querySelector('[data-left-out]')
      note.textContent = note.dataset.leftOut
    }
    insert(entries)
    trim(answer)
  }
  const now = speed(entries, all)
  looked = Date.now()
  rate(now ? tail.dataset.rate.replace('N', number(now, { maximumFractionDigits: now < 2 ? 1 : 0 })) : tail.dataset.quiet)
  tell(entries.length)
  fresh ||= entries.length > 0
  if (move(fresh)) fresh = false
  return true
}

async function follow () {
  if (document.visibilityState === 'visible' && !await look()) return
  timer = window.setTimeout(follow, EVERY)
}

if (tail) {
  tail.checked = false
  tail.addEventListener('change', () => {
    announce(tail.checked ? tail.dataset.on : tail.dataset.off)
    window.clearTimeout(timer)
    turn += 1
    said = Date.now()
    unsaid = 0
    document.querySelector('.log-said')?.remove()
    if (tail.checked) follow()
    else rate('')
  })
}
