// Figures and dates as the reader's language writes them; English ones have the day before the month.
export const language = document.documentElement.lang

export const date = (at, options) => new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, options).format(at)

export const number = (value, options) => value.toLocaleString(language, options)

// Of a whole part, 0 to 100: Chinese has no space before the sign (`percentage` in console/base/core/text.py).
export const percent = part => `${Math.floor(part)}${language.startsWith('zh') ? '' : ' '}%`
