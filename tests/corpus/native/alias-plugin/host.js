exports.install = application => {
  application.api = wx
}
