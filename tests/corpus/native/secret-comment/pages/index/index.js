// appSecret: '@{app_secret}'
Page({})
