"""What the demo's packages have in their code besides pages, from which version on: so that reports find something."""

from __future__ import annotations

Number = tuple[int, int, int]

LOCATION = """// Where am I, and which stops are near
function here() {
  return new Promise((resolve, reject) => {
    wx.getLocation({ type: 'gcj02', success: resolve, fail: reject })
  })
}

function follow(onMove) {
  wx.startLocationUpdate({ success: () => wx.onLocationChange(onMove) })
}

module.exports = { here, follow }
"""
LIVE = """// Live arrival times by socket
let socket = null

function open(line, onEvent) {
  socket = wx.connectSocket({ url: 'wss://live.citybus.example/lines/' + line })
  socket.onMessage((event) => onEvent(JSON.parse(event.data)))
}

module.exports = { open, close: () => socket && socket.close() }
"""
LIVE_WITH_DELAYS = LIVE.replace(
    "onEvent(JSON.parse(event.data))",
    "onEvent({ ...JSON.parse(event.data), received: Date.now() })",
).replace("let socket = null\n", "let socket = null\nlet delays = {}\n")
METRICS = """// How long pages take
function report(page, duration) {
  wx.request({ url: 'https://collect.fastmetrics.example/v2/events', method: 'POST', data: { page, duration } })
}

function copyInvite(code) {
  wx.setClipboardData({ data: code })
}

module.exports = { report, copyInvite }
"""
RECEIPTS = """// Receipts by photo
function add() {
  wx.chooseMedia({ count: 9, mediaType: ['image'], success: (chosen) => chosen.tempFiles.forEach(send) })
}

function send(file) {
  wx.uploadFile({ url: 'https://receipts.taxhelper.example/v1/receipts', filePath: file.tempFilePath, name: 'receipt' })
}

module.exports = { add, title: () => wx.chooseInvoiceTitle({}) }
"""
BOUQUETS = """// Where to deliver
function address() {
  return new Promise((resolve, reject) => wx.chooseAddress({ success: resolve, fail: reject }))
}

module.exports = { address }
"""
SIGN_IN = """// Sign in to the booking service
const secret = 'c0ffee5eed4b1d9a7e6f3a2b8c9d0e1f'

function token(appId) {
  const url = `https://api.clinicbooking.example/token?appid=${appId}&secret=${secret}`
  return new Promise((resolve, reject) => wx.request({ url, success: resolve, fail: reject }))
}

module.exports = { token }
"""
CALENDAR = """// Appointments in the phone's calendar
function add(booking) {
  wx.addPhoneCalendar({ title: booking.title, startTime: booking.start })
}

module.exports = { add }
"""

# Program → (from this version on, path, content); a later entry of the same path replaces the one before.
CODE: dict[str, list[tuple[Number, str, str]]] = {
    "City Bus": [
        ((2, 1, 0), "services/location.js", LOCATION),
        ((2, 4, 0), "services/live.js", LIVE),
        ((2, 5, 0), "services/live.js", LIVE_WITH_DELAYS),
        ((2, 7, 0), "services/metrics.js", METRICS),
    ],
    "Tax Helper": [((1, 12, 0), "services/receipts.js", RECEIPTS)],
    "Flower Market": [((3, 0, 2), "services/address.js", BOUQUETS)],
    "Clinic Booking": [
        ((5, 1, 3), "services/calendar.js", CALENDAR),
        ((5, 2, 0), "services/sign-in.js", SIGN_IN),
    ],
}


def code_of(name: str, number: str) -> dict[str, bytes]:
    """Return the files that the version `number` of a program has besides its pages, by path."""
    major, minor, patch = map(int, number.split("."))
    files = [(path, code) for since, path, code in CODE.get(name, []) if since <= (major, minor, patch)]
    return {path: code.encode() for path, code in files}
