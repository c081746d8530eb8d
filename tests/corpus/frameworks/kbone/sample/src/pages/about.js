export default function createApp () {
  const text = document.createElement('p')
  text.textContent = wx.getStorageSync('k') || wx.getSystemInfoSync().model
  text.addEventListener('click', () => wx.chooseLocation({}))
  console.log('see https://docs.example.org/help')
  document.body.appendChild(text)
}
