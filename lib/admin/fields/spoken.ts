/**
 * The language in which dates are said, everywhere the same. Plain 'en' is read on both sides of the ocean: the day first,
 * the month in words, and 24 hours leave no doubt.
 */
export const spokenLocale = (locale: string): string => (locale === 'en' ? 'en-GB' : locale)
