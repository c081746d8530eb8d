import { wxp } from './platform/wxp'

App({
  about: 'https://about.example.org',
  onLaunch() {
    this.model = wxp.getSystemInfoSync().model
    wxp.onNetworkStatusChange(state => console.log(state.isConnected))
  },
})
