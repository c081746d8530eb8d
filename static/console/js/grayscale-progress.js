// The progress page: the chart, and numbers that follow by themselves while the page is looked at.
import uPlot from 'uplot';
import { announce } from './announce.js';
import { follow } from './live.js';

const EVERY = 5000
const SAY_EVERY = 60000
const DAY = 86400
const root = document.getElementById('progress')
const place = document.getElementById('chart')
const language = document.documentElement.lang
let shown = 'whole'
let chart = null
let data = null

const number = value => value.toLocaleString(language)
const short = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })

function colour (name) {
  return window.getComputedStyle(place).getPropertyValue(name).trim()
}

function day (seconds) {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language,
    { day: 'numeric', month: 'short', timeZone: data.zone }).format(new Date(seconds * 1000))
}

function clock (seconds) {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: data.zone }).format(new Date(seconds * 1000))
}

// The last day is looked at from near: from where it began to where it got.
function near (part) {
  const low = part.had[0]
  const rise = Math.max(...part.projection.map(point => point[1]), part.had.at(-1)) - low
  const room = Math.max(rise * 0.25, 2)
  const high = low + rise + room
  return { low: Math.max(low - room, 0), high, limit: data.limit <= high }
}

// The limit is shown when the curve gets anywhere near it; else the curve would lie on the floor.
function heights (part) {
  if (shown === 'day' && part.had[0] > 0) return near(part)
  const top = Math.max(...part.had, ...part.projection.map(point => point[1]), 1)
  if (top * 4 >= data.limit) return { low: 0, high: data.limit, limit: true }
  return { low: 0, high: top * 1.15, limit: false }
}

function drawBehind (u, part) {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const [from, to] of data.suspended) {
    if (to < part.from || from > part.to) continue
    const left = u.valToPos(Math.max(from, part.from), 'x', true)
    const right = u.valToPos(Math.min(to, part.to), 'x', true)
    ctx.fillStyle = colour('--chart-suspended')
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2 * uPlot.pxRatio), bbox.height)
  }
  ctx.restore()
}

function write (u, words, x, y, options = {}) {
  const { ctx, bbox } = u
  ctx.font = `${options.bold ? 600 : 400} ${11 * uPlot.pxRatio}px ${window.getComputedStyle(place).fontFamily}`
  const width = ctx.measureText(words).width
  const left = Math.min(Math.max(options.centre ? x - width / 2 : x, bbox.left + 2), bbox.left + bbox.width - width - 2)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = colour(options.bold ? '--chart-ink' : '--chart-quiet')
  ctx.fillText(words, left, y)
}

function drawAbove (u, part, scale) {
  const { ctx, bbox } = u
  const px = uPlot.pxRatio
  ctx.save()
  if (scale.limit) {
    const y = u.valToPos(data.limit, 'y', true)
    ctx.strokeStyle = colour('--chart-quiet')
    ctx.setLineDash([4 * px, 4 * px])
    ctx.lineWidth = px
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.setLineDash([])
    write(u, data.words.limit.replace('%(count)s', number(data.limit)), bbox.left + bbox.width * 0.55, y + 10 * px)
  }
  let last = -Infinity // Spans that are close to each other share one word.
  for (const [from, to] of data.suspended) {
    if (to < part.from || from > part.to) continue
    const middle = (u.valToPos(Math.max(from, part.from), 'x', true) + u.valToPos(Math.min(to, part.to), 'x', true)) / 2
    if (middle - last < 70 * px) continue
    write(u, data.words.suspended, middle, bbox.top + (scale.limit ? 26 : 10) * px, { centre: true })
    last = middle
  }
  const x = u.valToPos(part.at.at(-1), 'x', true)
  const y = u.valToPos(part.had.at(-1), 'y', true)
  if (!part.had.at(-1)) return ctx.restore()
  ctx.setLineDash([])
  ctx.beginPath()
  ctx.arc(x, y, 4 * px, 0, 2 * Math.PI)
  ctx.fillStyle = colour('--chart-line')
  ctx.strokeStyle = colour('--chart-surface')
  ctx.lineWidth = 2 * px
  ctx.fill()
  ctx.stroke()
  const below = y + 13 * px < bbox.top + bbox.height - 4 * px
  write(u, data.words.now.replace('%(count)s', number(part.had.at(-1))), x + 9 * px, below ? y + 11 * px : y - 13 * px, { bold: true })
  ctx.restore()
}

// The chart ends a little later than the curve, so that there is room for what is written at its end.
function right (part) {
  const span = Math.max(part.to - part.from, 60)
  return Math.max(part.from + span, part.at.at(-1) + span * 0.08)
}

// What is under the pointer, in words.
function hint () {
  const box = document.createElement('div')
  box.className = 'chart-hint'
  box.hidden = true
  return {
    hooks: {
      init: u => u.over.append(box),
      setCursor: u => {
        const { idx, left, top } = u.cursor
        const had = idx == null ? null : u.data[1][idx]
        box.hidden = had == null || left < 0
        if (box.hidden) return
        const at = u.data[0][idx]
        box.textContent = `${day(at)}, ${clock(at)}: ${number(had)}`
        box.style.left = `${Math.min(left + 12, u.over.clientWidth - box.offsetWidth - 4)}px`
        box.style.top = `${Math.max(top - 30, 0)}px`
      }
    }
  }
}

function axes (part) {
  const days = part.to - part.from > 2 * DAY
  const common = { stroke: colour('--chart-quiet'), font: `11px ${window.getComputedStyle(place).fontFamily}`, ticks: { show: false } }
  const steps = [60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, DAY, 2 * DAY, 5 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY]
  return [
    { ...common, size: 30, space: days ? 70 : 60, incrs: days ? steps.filter(step => step >= DAY) : steps, grid: { show: false }, values: (u, ticks) => ticks.map(at => days ? day(at) : clock(at)) },
    { ...common, size: 48, space: 34, gap: 8, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].flatMap((step, i, all) => i ? [step] : all).concat([1e3, 2e3, 2.5e3, 5e3, 1e4, 2e4, 2.5e4, 5e4, 1e5, 2e5, 2.5e5, 5e5, 1e6, 2e6, 2.5e6, 5e6, 1e7, 2e7, 2.5e7, 5e7]).filter((step, i, all) => all.indexOf(step) === i), grid: { stroke: colour('--chart-grid'), width: 1 }, values: (u, ticks) => ticks.map(value => short.format(value).replace('K', 'k')) }
  ]
}

function draw () {
  if (!place.clientWidth) return // Nothing to draw yet: it is not shown.
  const part = data[shown]
  const scale = heights(part)
  chart?.destroy()
  const options = {
    width: place.clientWidth,
    height: place.clientWidth < 480 ? 210 : 240,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), data.zone),
    scales: { x: { time: true, range: () => [part.from, right(part)] }, y: { range: () => [scale.low, scale.high] } },
    axes: axes(part),
    series: [
      {},
      { stroke: colour('--chart-line'), fill: colour('--chart-fill'), width: 2, points: { show: false } },
      { stroke: colour('--chart-line'), width: 1.5, dash: [3, 4], spanGaps: true, points: { show: false } }
    ],
    plugins: [hint()],
    hooks: { drawClear: [u => drawBehind(u, part)], draw: [u => drawAbove(u, part, scale)] }
  }
  const lines = [[part.at, part.had]]
  lines.push(part.projection.length ? [part.projection.map(point => point[0]), part.projection.map(point => point[1])] : [[part.at[0]], [null]])
  chart = new uPlot(options, uPlot.join(lines), place)
}

function read () {
  data = JSON.parse(document.getElementById('chart-words').dataset.chart)
  draw()
}

for (const button of document.querySelectorAll('[data-span]')) {
  button.addEventListener('click', () => {
    shown = button.dataset.span
    for (const other of document.querySelectorAll('[data-span]')) other.setAttribute('aria-pressed', String(other === button))
    draw()
  })
}
new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] })
let width = place.clientWidth
new ResizeObserver(() => {
  if (place.clientWidth === width) return
  width = place.clientWidth
  draw()
}).observe(place)
read()

// What changes follows by itself; a new state is said, else a line each minute.
let said = Date.now()
let state = document.getElementById('chart-words').dataset.state

follow(root.dataset.liveUrl, EVERY, {
  seen: ids => {
    if (ids.includes('chart-words')) read()
    const words = document.getElementById('chart-words')
    if (words.dataset.state === state && Date.now() - said <= SAY_EVERY) return
    said = Date.now()
    state = words.dataset.state
    announce(words.textContent)
  },
  over: () => 'over' in document.getElementById('chart-words').dataset
})
