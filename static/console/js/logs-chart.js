// How many entries there are over time, in bars by level; a click on a bar or a drag over some asks for that time.
import uPlot from 'uplot';

const HEIGHT = 130
const DAY = 86400
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY]
const COUNTS = [1, 2, 5].flatMap(n => Array.from({ length: 9 }, (_, power) => n * 10 ** power)).sort((a, b) => a - b)
const language = document.documentElement.lang

function colour (place, name) {
  return window.getComputedStyle(place).getPropertyValue(name).trim()
}

function clock (data, seconds, options) {
  return new Intl.DateTimeFormat('en-GB', { timeZone: data.zone, ...options }).format(new Date(seconds * 1000))
}

function tick (data, seconds) {
  const words = clock(data, seconds, { hour: '2-digit', minute: '2-digit', ...(data.step < 5 ? { second: '2-digit' } : {}) })
  return words === '00:00' || data.end - data.at[0] > 2 * DAY
    ? new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { day: 'numeric', month: 'short', timeZone: data.zone }).format(new Date(seconds * 1000))
    : words
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

function hint (data) {
  const box = document.createElement('div')
  box.className = 'log-chart-hint'
  box.hidden = true
  return {
    hooks: {
      init: u => {
        u.over.append(box)
        u.over.addEventListener('click', event => {
          if (u.select.width > 4) return
          const bar = barAt(data, u.posToVal(event.clientX - u.over.getBoundingClientRect().left, 'x'))
          narrow(data, bar, bar)
        })
      },
      setCursor: u => {
        box.hidden = u.cursor.left < 0
        if (box.hidden) return
        const bar = barAt(data, u.posToVal(u.cursor.left, 'x'))
        const total = data.info[bar] + data.warn[bar] + data.error[bar]
        const number = value => value.toLocaleString(language)
        box.textContent = `${data.marks[bar].slice(11, data.step < 60 ? 19 : 16)}: ${number(total)} · ${data.words.error} ${number(data.error[bar])} · ${data.words.warn} ${number(data.warn[bar])}`
        box.style.left = `${Math.min(u.cursor.left + 12, u.over.clientWidth - box.offsetWidth - 4)}px`
        box.style.top = '0'
      },
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
  const font = `11px ${window.getComputedStyle(place).fontFamily}`
  const axis = { stroke: colour(place, '--chart-quiet'), font, ticks: { show: false } }
  place.replaceChildren()
  const u = new uPlot({
    width: place.clientWidth,
    height: HEIGHT,
    padding: [8, 2, 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, drag: { x: true, y: false, setScale: false, dist: 5 }, points: { show: false } },
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), data.zone),
    scales: {
      x: { time: true, range: () => [data.at[0], data.at.at(-1) + data.step] },
      y: { range: () => [0, Math.max(...heights(data)[1], 1) * 1.05] }
    },
    axes: [
      { ...axis, size: 22, space: 90, gap: 4, incrs: STEPS, grid: { show: false }, values: (u, ticks) => ticks.map(at => tick(data, at)) },
      { ...axis, size: 44, space: 34, gap: 6, incrs: COUNTS, grid: { stroke: colour(place, '--chart-grid'), width: 1 }, values: (u, ticks) => ticks.map(value => value.toLocaleString(language)) }
    ],
    series: [{}, series(place, '--log-info', bars), series(place, '--log-warn', bars), series(place, '--log-error', bars)],
    plugins: [hint(data)]
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
