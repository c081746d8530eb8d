exports.signing = `@{pem_begin}
@{pem_body}
@{pem_end}`
exports.other = '@{pem_begin}\n@{another_pem_body}\n@{pem_end}'
