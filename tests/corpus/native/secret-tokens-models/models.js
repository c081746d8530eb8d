export const first = { key: '@{openai_key}' }
export const second = '@{openai_project_key}'
export const third = "@{anthropic_key}"
export const fourth = `@{huggingface_token}`
