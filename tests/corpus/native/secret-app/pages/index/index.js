const SECRET = '@{another_app_secret}'

Page({ data: { query: 'secret=' + SECRET } })
