// What all charts share: colours (tokens of console.css), axes, bands, words inside the chart, and the box under the pointer.
import uPlot from 'uplot';
import { date, language } from './figures.js';

export const DAY = 86400
const short = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY]
const STEPS = [...SECONDS, ...[2, 5, 7, 14, 30, 90, 180, 365].map(days => days * DAY)]
const COUNTS = [1, 2, 5].flatMap(n => Array.from({ length: 9 }, (_, power) => n * 10 ** power)).sort((a, b) => a - b)
const SIZE = 11 // px of what is written in a chart

// A token as a canvas takes it: what light-dark() and color-mix() come to in `place`.
export function colour (place, name) {
  const before = place.style.color
  place.style.color = `var(${name})`
  const found = window.getComputedStyle(place).color
  place.style.color = before
  return found
}

function font (place, scale = 1, weight = 400) {
  return `${weight} ${SIZE * scale}px ${window.getComputedStyle(place).fontFamily}`
}

export function clock (seconds, zone, options = {}) {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: zone, ...options }).format(new Date(seconds * 1000))
}

export function day (seconds, zone) {
  return date(new Date(seconds * 1000), { day: 'numeric', month: 'short', timeZone: zone })
}

// Time below without lines, counts at the left with them. `words` says a moment; `least` is the shortest step, `space` px between two.
export function axes (place, { words, least = 1, space = 80 }) {
  const common = { stroke: colour(place, '--chart-quiet'), font: font(place), ticks: { show: false } }
  return [
    { ...common, size: 24, gap: 4, space, incrs: STEPS.filter(step => step >= least), grid: { show: false }, values: (u, ticks) => ticks.map(words) },
    { ...common, size: 46, gap: 6, space: 34, incrs: COUNTS, grid: { stroke: colour(place, '--chart-grid'), width: 1 }, values: (u, ticks) => ticks.map(value => short.format(value).replace('K', 'k')) }
  ]
}

// Fills the time between two moments; a moment is seen, too.
export function band (u, from, to, fill) {
  const { ctx, bbox } = u
  const left = Math.max(u.valToPos(from, 'x', true), bbox.left)
  const end = Math.min(Math.max(u.valToPos(to, 'x', true), left + 2 * uPlot.pxRatio), bbox.left + bbox.width)
  if (end <= left) return
  ctx.fillStyle = fill
  ctx.fillRect(left, bbox.top, end - left, bbox.height)
}

// Writes at a place of the canvas, never over its edges; bold is what holds now, quiet what explains. Returns where it ends.
export function write (u, place, words, x, y, { bold, centre } = {}) {
  const { ctx, bbox } = u
  ctx.font = font(place, uPlot.pxRatio, bold ? 600 : 400)
  const width = ctx.measureText(words).width
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  ctx.fillStyle = colour(place, bold ? '--chart-ink' : '--chart-quiet')
  const left = Math.min(Math.max(centre ? x - width / 2 : x, bbox.left + 2), bbox.left + bbox.width - width - 2)
  ctx.fillText(words, left, y)
  return left + width
}

// What is under the pointer, in words; where there are none there is no box.
export function hint (words) {
  const box = document.createElement('div')
  box.className = 'chart-hint'
  box.hidden = true
  return {
    hooks: {
      init: u => u.over.append(box),
      setCursor: u => {
        const said = u.cursor.left < 0 ? null : words(u)
        box.hidden = !said
        if (!said) return
        box.textContent = said
        box.style.left = `${Math.max(Math.min(u.cursor.left + 12, u.over.clientWidth - box.offsetWidth - 4), 0)}px`
      }
    }
  }
}

// Draws anew in the other theme and in another width of `place`.
export function redrawn (place, draw) {
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] })
  let width = place.clientWidth
  new ResizeObserver(() => {
    if (place.clientWidth === width) return
    width = place.clientWidth
    draw()
  }).observe(place)
}
