import texts from '../../texts'

Page({ data: { placeholder: texts['login.password'], inputType: 'safe-password' } })
