const page = require('../../page')

page({
  onLoad() {
    this.$api.getLocation({ success: () => this.toast('here') })
  },
})
