import Locator, { Chooser } from '../../locator'

Page({
  onLoad() {
    new Locator(wx).now()
    new Chooser(wx).choose()
  },
})
