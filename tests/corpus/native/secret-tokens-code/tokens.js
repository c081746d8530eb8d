exports.a = '@{github_token}'
exports.b = '@{github_fine_token}'
exports.c = '@{gitlab_token}'
exports.d = '@{npm_token}'
