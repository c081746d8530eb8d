// A session that ended loses nothing: before a form is sent, and when htmx is refused, we ask who is signed in. Who is not
// signs in in another tab, with whatever that takes, and what was going to be sent is sent then, with the new token.
/* global htmx */
import { toast } from './announce.js';

const SURE = 60_000 // ms for which an answer of the server is believed
const ASKS = 2_000 // ms between two questions while somebody signs in
const me = document.body.dataset.user
let seen = Date.now()

async function ask () {
  try {
    const answer = await fetch('/session/')
    return answer.ok ? await answer.json() : null
  } catch {
    return null // The request itself will say what is wrong.
  }
}

function renew (token) {
  for (const field of document.querySelectorAll('[name=csrfmiddlewaretoken]')) field.value = token
  seen = Date.now()
}

// Whether `me` is signed in, now or after a while: also true if unknown.
async function alive () {
  const session = await ask()
  if (!session) return true
  if (String(session.user) === me) {
    renew(session.token)
    return true
  }
  return waitFor()
}

function waitFor () {
  const box = document.getElementById('signed-out')
  if (!box || box.open) return Promise.resolve(false)
  box.showModal()
  return new Promise(resolve => {
    const look = async () => {
      const session = await ask()
      if (String(session?.user) !== me) return
      renew(session.token)
      done(true)
    }
    const closed = () => done(false)
    const clock = window.setInterval(look, ASKS)
    window.addEventListener('focus', look)
    box.addEventListener('close', closed)
    function done (signedIn) {
      window.clearInterval(clock)
      window.removeEventListener('focus', look)
      box.removeEventListener('close', closed)
      box.close()
      resolve(signedIn)
    }
  })
}

document.addEventListener('submit', async event => {
  const { target: form, submitter } = event
  if (form.method !== 'post' || form.dataset.alive) return
  const resends = form.matches('[data-resend]')
  if (!resends && (!me || Date.now() - seen < SURE)) return
  event.preventDefault()
  event.stopImmediatePropagation()
  const session = resends ? await ask() : null
  if (session) renew(session.token)
  if (!resends && !await alive()) return
  form.dataset.alive = 'yes'
  form.requestSubmit(submitter)
  delete form.dataset.alive
}, true)

// htmx gets a 401 without a session, and for a token of an earlier one. What is refused again is not sent a third time.
const resent = new WeakSet()

document.addEventListener('htmx:responseError', async event => {
  const { xhr, target, requestConfig: { elt: source, verb, path } } = event.detail
  if (xhr.status !== 401 || !me) return
  if (resent.delete(source)) return toast(document.getElementById('announcer').dataset.failed)
  if (!await alive()) return
  resent.add(source)
  if (source.matches('form')) source.requestSubmit()
  else if (source.matches('a, button')) source.click()
  else htmx.ajax(verb, path, { source, target })
})
document.addEventListener('htmx:afterRequest', event => { if (event.detail.xhr.status !== 401) resent.delete(event.detail.elt) })
