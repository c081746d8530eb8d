// Toasts go by themselves after a while, in which nobody points at them or stands in them; those that offer something stay.
const STAYS = 6000 // ms

export function letGo (box) {
  let clock = null
  const wait = () => {
    window.clearTimeout(clock)
    clock = window.setTimeout(() => { if (box.matches(':hover, :focus-within')) wait(); else box.remove() }, STAYS)
  }
  for (const name of ['pointerleave', 'focusout']) box.addEventListener(name, wait)
  wait()
}

document.addEventListener('click', event => { event.target.closest('[data-dismiss]')?.closest('.toast').remove() })
for (const box of document.querySelectorAll('.toast-success, .toast-info')) {
  if (!box.querySelector('form')) letGo(box)
}
