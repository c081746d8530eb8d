// The status page follows by itself, and says so when it can't: an old page must not reassure anybody.
import { announce } from './announce.js';
import { follow } from './live.js';

const EVERY = 10000
let headline = document.getElementById('status-headline').textContent

follow(window.location.href, EVERY, {
  lost: document.getElementById('status-lost'),
  seen: () => {
    const words = document.getElementById('status-headline').textContent
    if (words !== headline) announce(words)
    headline = words
  }
})
