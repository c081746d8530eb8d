exports.aws = { accessKeyId: '@{aws_access_key}', secretAccessKey: '@{aws_secret_key}' }
exports.oss = { accessKeyId: '@{alibaba_access_key}' }
exports.cos = { SecretId: '@{tencent_access_key}' }
exports.google = '@{google_api_key}'
