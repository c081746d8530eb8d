export default function createApp () {
  const text = document.createElement('p')
  text.textContent = 'about'
  document.body.appendChild(text)
}
