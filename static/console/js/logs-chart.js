// How many entries there are over time, in bars by level; a click on a bar or a drag over some asks for that time.
import uPlot from 'uplot';
import { DAY, axes, clock, colour, day, hint } from './charts.js';
import { number } from './figures.js';

const HEIGHT = 130

function tick (data, seconds) {
  const words = clock(seconds, data.zone, data.step < 5 ? { second: '2-digit' } : {})
  return words === '00:00' || data.end - data.at[0] > 2 * DAY ? day(seconds, data.zone) : words
}

// Which bar a position on the time axis is in.
function barAt (data, seconds) {
  return Math.min(Math.max(Math.floor((seconds - data.at[0]) / data.step), 0), data.at.length - 1)
}

function narrow (data, first, last) {
  const since = data.marks[first]
  const until = data.marks[last + 1]
  if (data.at.length === 1 && data.step <= 1) return
  const url = new URL(data.url, window.location.href)
  url.searchParams.set('since', since)
  url.searchParams.set('until', until)
  window.location.assign(url)
}

function said (data, u) {
  const bar = barAt(data, u.posToVal(u.cursor.left, 'x'))
  const total = data.info[bar] + data.warn[bar] + data.error[bar]
  return `${data.marks[bar].slice(11, data.step < 60 ? 19 : 16)} · ${number(total)} · ${data.words.error} ${number(data.error[bar])} · ${data.words.warn} ${number(data.warn[bar])}`
}

function narrowing (data) {
  return {
    hooks: {
      init: u => u.over.addEventListener('click', event => {
        if (u.select.width > 4) return
        const bar = barAt(data, u.posToVal(event.clientX - u.over.getBoundingClientRect().left, 'x'))
        narrow(data, bar, bar)
      }),
      setSelect: u => {
        if (u.select.width <= 4) return
        narrow(data, barAt(data, u.posToVal(u.select.left, 'x')), barAt(data, u.posToVal(u.select.left + u.select.width, 'x')))
      }
    }
  }
}

function series (place, name, bars) {
  return { fill: colour(place, name), stroke: colour(place, name), width: 0, paths: bars, points: { show: false } }
}

// What uPlot draws: where the bars begin, and how high those of all, of the worse and of the worst levels are.
function heights (data) {
  const worse = data.at.map((_, bar) => data.warn[bar] + data.error[bar])
  return [data.at, data.at.map((_, bar) => data.info[bar] + worse[bar]), worse, data.error]
}

// Draws into `place`; the bars lie behind one another, the highest level in front.
export function drawChart (place, data) {
  const bars = uPlot.paths.bars({ size: [0.86, 80], align: 1 })
  place.replaceChildren()
  const u = new uPlot({
    width: place.clientWidth,
    height: HEIGHT,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, drag: { x: true, y: false, setScale: false, dist: 5 }, points: { show: false } },
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), data.zone),
    scales: {
      x: { time: true, range: () => [data.at[0], data.at.at(-1) + data.step] },
      y: { range: () => [0, Math.max(...heights(data)[1], 1) * 1.05] }
    },
    axes: axes(place, { words: at => tick(data, at), space: 90 }),
    series: [{}, series(place, '--chart-rest', bars), series(place, '--chart-warn', bars), series(place, '--chart-limit', bars)],
    plugins: [hint(u => said(data, u)), narrowing(data)]
  }, heights(data), place)
  const ends = new AbortController()
  let held = false
  u.over.addEventListener('mousedown', () => { held = true })
  document.addEventListener('mouseup', () => { held = false }, { signal: ends.signal })
  return {
    destroy: () => {
      ends.abort()
      u.destroy()
    },
    isDragged: () => held,
    // Shows other counts in place; false where a bar stands for another time.
    takes: next => {
      if (next.step !== data.step) return false
      Object.assign(data, next)
      u.setData(heights(data))
      return true
    }
  }
}
