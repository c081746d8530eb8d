exports.list = [
  '@{slack_token}',
  '@{sendgrid_key}',
  '@{shopify_token}',
  '@{digitalocean_token}',
  '@{webhook_secret}',
  '@{stripe_key}',
]
