export default function createApp () {
  const text = document.createElement('p')
  text.textContent = 'index'
  document.body.appendChild(text)
}
