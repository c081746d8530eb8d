const wxp = require('../../wxp')

Page({
  onLoad() {
    wxp.getLocation({ type: 'gcj02' }).then(() => wxp.chooseImage({ count: 1 }))
  },
})
