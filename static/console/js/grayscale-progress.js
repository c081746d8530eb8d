// The progress page: the chart, and numbers that follow by themselves while the page is looked at.
import uPlot from 'uplot';
import { announce } from './announce.js';
import { DAY, axes, band, clock, colour, day, hint, redrawn, write } from './charts.js';
import { number } from './figures.js';
import { follow } from './live.js';

const EVERY = 5000
const SAY_EVERY = 60000
const root = document.getElementById('progress')
const place = document.getElementById('chart')
let shown = 'whole'
let chart = null
let data = null

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
  const fill = colour(place, '--chart-hold')
  for (const [from, to] of data.suspended) {
    if (to >= part.from && from <= part.to) band(u, from, to, fill)
  }
  ctx.restore()
}

function drawAbove (u, part, scale) {
  const { ctx, bbox } = u
  const px = uPlot.pxRatio
  ctx.save()
  const line = scale.limit ? u.valToPos(data.limit, 'y', true) : null
  if (scale.limit) {
    ctx.strokeStyle = colour(place, '--chart-quiet')
    ctx.setLineDash([4 * px, 4 * px])
    ctx.lineWidth = px
    ctx.beginPath()
    ctx.moveTo(bbox.left, line)
    ctx.lineTo(bbox.left + bbox.width, line)
    ctx.stroke()
    ctx.setLineDash([])
  }
  let last = -Infinity // Spans that are close to each other share one word.
  for (const [from, to] of data.suspended) {
    if (to < part.from || from > part.to) continue
    const middle = (u.valToPos(Math.max(from, part.from), 'x', true) + u.valToPos(Math.min(to, part.to), 'x', true)) / 2
    if (middle - last < 70 * px) continue
    write(u, place, data.words.suspended, middle, bbox.top + (scale.limit ? 26 : 10) * px, { centre: true })
    last = middle
  }
  const now = part.had.at(-1) ? drawNow(u, part) : null
  if (scale.limit) {
    const beside = now && Math.abs(now.y - line - 10 * px) < 14 * px ? now.end + 10 * px : 0
    const free = beside < bbox.left + bbox.width * 0.8 // else what is written now reaches the right edge
    const x = free ? Math.max(bbox.left + bbox.width * 0.55, beside) : bbox.left + 8 * px
    write(u, place, data.words.limit.replace('%(count)s', number(data.limit)), x, line + 10 * px)
  }
  ctx.restore()
}

// The curve's end and its number; returns where the words are, in pixels of the canvas.
function drawNow (u, part) {
  const { ctx, bbox } = u
  const px = uPlot.pxRatio
  const x = u.valToPos(part.at.at(-1), 'x', true)
  const y = u.valToPos(part.had.at(-1), 'y', true)
  ctx.beginPath()
  ctx.arc(x, y, 4 * px, 0, 2 * Math.PI)
  ctx.fillStyle = colour(place, '--chart-1')
  ctx.strokeStyle = colour(place, '--chart-surface')
  ctx.lineWidth = 2 * px
  ctx.fill()
  ctx.stroke()
  const below = y + 13 * px < bbox.top + bbox.height - 4 * px
  const words = { y: below ? y + 11 * px : y - 13 * px }
  words.end = write(u, place, data.words.now.replace('%(count)s', number(part.had.at(-1))), x + 9 * px, words.y, { bold: true })
  return words
}

// The chart ends a little later than the curve, so that there is room for what is written at its end.
function right (part) {
  const span = Math.max(part.to - part.from, 60)
  return Math.max(part.from + span, part.at.at(-1) + span * 0.08)
}

// What is under the pointer, in words.
function under (u) {
  const { idx } = u.cursor
  const had = idx == null ? null : u.data[1][idx]
  return had == null ? null : `${day(u.data[0][idx], data.zone)} ${clock(u.data[0][idx], data.zone)} · ${number(had)}`
}

function draw () {
  if (!place.clientWidth) return // Nothing to draw yet: it is not shown.
  const part = data[shown]
  const scale = heights(part)
  const days = part.to - part.from > 2 * DAY
  chart?.destroy()
  const options = {
    width: place.clientWidth,
    height: place.clientWidth < 480 ? 210 : 240,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), data.zone),
    scales: { x: { time: true, range: () => [part.from, right(part)] }, y: { range: () => [scale.low, scale.high] } },
    axes: axes(place, days ? { words: at => day(at, data.zone), least: DAY, space: 70 } : { words: at => clock(at, data.zone), least: 60, space: 60 }),
    series: [
      {},
      { stroke: colour(place, '--chart-1'), fill: colour(place, '--chart-band'), width: 2, points: { show: false } },
      { stroke: colour(place, '--chart-1'), width: 1.5, dash: [3, 4], spanGaps: true, points: { show: false } }
    ],
    plugins: [hint(under)],
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
redrawn(place, draw)
read()

// What changes follows by itself; a new state is said, else a line each minute.
let said = Date.now()
let state = document.getElementById('chart-words').dataset.state

follow(root.dataset.liveUrl, EVERY, {
  lost: document.getElementById('progress-lost'),
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
