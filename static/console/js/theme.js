// Runs before the first paint: light, dark, or what the system says; and how dense tables are.
(function () {
  const system = window.matchMedia('(prefers-color-scheme: dark)')
  function apply () {
    let chosen = null
    try { chosen = window.localStorage.getItem('theme') } catch { /* storage is off: follow the system */ }
    // Django's admin keeps its own choice under the same name: “auto” is none of ours.
    if (!['light', 'dark'].includes(chosen)) chosen = system.matches ? 'dark' : 'light'
    document.documentElement.dataset.bsTheme = chosen
  }
  try { if (window.localStorage.getItem('density') === 'compact') document.documentElement.dataset.density = 'compact' } catch { /* storage is off */ }
  apply()
  system.addEventListener('change', apply)
})()
