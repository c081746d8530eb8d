// The parts of the log page that come after it: totals and chart, error groups, today's entries; live tail moves them along.
import { redrawn } from './charts.js';
import { drawChart } from './logs-chart.js';

const PARTS_EVERY = 6000 // ms between two counts, at least
const PARTS_QUIET = 30000 // ms, while nothing new comes: old entries leave the time that is asked for
const SHARE = 20 // of the time, one in so many is spent counting
const root = document.getElementById('logs')

// What the server says, or null when it refuses or can't be reached.
export async function ask (url) {
  try {
    const response = await fetch(url, { headers: { 'X-Requested-With': 'fetch' } })
    if (!response.ok || response.redirected) return null
    return new DOMParser().parseFromString(await response.text(), 'text/html')
  } catch {
    return null
  }
}

let chart = null
let counted = 0
let took = 0
let counting = false

const volume = () => document.getElementById('log-volume')

function draw () {
  const place = volume()?.querySelector('.log-chart')
  chart?.destroy()
  chart = null
  if (volume()?.dataset.chart && place?.clientWidth) chart = drawChart(place, JSON.parse(volume().dataset.chart))
}

async function load (id, url) {
  const now = document.getElementById(id)
  if (!now) return
  const answer = await ask(url)
  const next = answer?.getElementById(id)
  if (next) return now.replaceWith(document.adoptNode(next))
  now.removeAttribute('aria-busy')
  now.querySelector('.nothing-loading')?.classList.replace('nothing-loading', 'nothing-error')
  const words = now.querySelector('p') ?? now.appendChild(document.createElement('p'))
  words.textContent = root.dataset.failed
}

// The chart stays where it is, also under a pointer, and so does the table with what is focused in it.
function moveVolume (next) {
  const now = volume()
  if (chart?.isDragged()) return
  if (!chart || !next.dataset.chart || !chart.takes(JSON.parse(next.dataset.chart))) {
    now.replaceWith(next)
    return draw()
  }
  now.dataset.chart = next.dataset.chart
  now.dataset.timeWords = next.dataset.timeWords
  now.querySelector('.log-totals').replaceWith(next.querySelector('.log-totals'))
  const body = now.querySelector('tbody')
  if (!body.contains(document.activeElement)) body.replaceWith(next.querySelector('tbody'))
}

function moveTime () {
  const chosen = document.querySelector('.criteria [name=time]:checked')
  if (chosen?.defaultChecked) document.getElementById('log-time-words').textContent = volume().dataset.timeWords
}

// Counts anew what live tail moves. What can't be counted in time stays, with the time until which it counts.
async function count () {
  const began = Date.now()
  const answer = await ask(root.dataset.volumeUrl)
  const next = answer?.getElementById('log-volume')
  if (next?.querySelector('.log-totals')) {
    moveVolume(document.adoptNode(next))
    moveTime()
  }
  const today = answer?.getElementById('log-today')
  if (today) document.getElementById('log-today').replaceWith(document.adoptNode(today))
  const groups = (await ask(root.dataset.errorsUrl))?.getElementById('log-errors')
  const shown = document.getElementById('log-errors')
  if (groups && !groups.querySelector('[data-trouble]') && !shown.matches(':focus-within, :active')) shown.replaceWith(document.adoptNode(groups))
  took = Date.now() - began
  counted = Date.now()
}

// Begins to move totals, chart and groups along where it is time; `fresh` says that something has come since the last time.
export function move (fresh) {
  const since = Date.now() - counted
  if (counting || since < Math.max(fresh ? PARTS_EVERY : PARTS_QUIET, took * SHARE)) return false
  counting = true
  count().finally(() => { counting = false })
  return true
}

export async function loadParts () {
  redrawn(root, draw)
  counted = Date.now()
  load('log-errors', root.dataset.errorsUrl)
  await load('log-volume', root.dataset.volumeUrl)
  draw()
}
