// The status page follows by itself, and says so when it can't: an old page must not reassure anybody.
import { announce } from './announce.js';
import { follow } from './live.js';

const EVERY = 10000
const lost = document.getElementById('status-lost')
let headline = document.getElementById('status-headline').textContent

follow(window.location.href, EVERY, {
  seen: () => {
    lost.hidden = true
    const words = document.getElementById('status-headline').textContent
    if (words !== headline) announce(words)
    headline = words
  },
  lost: () => {
    if (lost.hidden) announce(lost.textContent.trim())
    lost.hidden = false
  },
  barred: () => window.location.reload()
})
