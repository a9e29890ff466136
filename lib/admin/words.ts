import pluralizer from 'pluralize'

/** 'firstName', 'first_name', 'FirstName' → 'First name'; runs of capitals stay together ('orderURL' → 'Order URL'). */
export function inWords(key: string): string {
  const words = key
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_\-.]+/)
    .filter(Boolean)
    .map((word) => (/^[A-Z\d]{2,}$/.test(word) ? word : word.toLowerCase()))
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A field's label: a foreign key is called by what it points at ('categoryId' → 'Category'). */
export function fieldLabel(field: string, isReference: boolean): string {
  const bare = isReference ? field.replace(/(_id|Id|_ID|ID)$/, '') : field
  const words = inWords(bare || field)
  return words.replace(/\bid\b/i, 'ID').replace(/\burl\b/i, 'URL')
}

/**
 * Singular and plural of a resource's name. A given singular derives its plural, a given plural wins.
 * English forms by the `pluralize` library ('people', 'companies', 'analyses', 'boxes'); 'data' stays 'data'.
 */
export function nounForms(key: string, given: { singular?: string; plural?: string } = {}) {
  const name = inWords(key)
  const singular =
    given.singular ??
    (given.plural && !given.singular ? lastWord(given.plural, toSingular) : lastWord(name, toSingular))
  const plural = given.plural ?? (given.singular ? lastWord(given.singular, toPlural) : lastWord(name, toPlural))
  return { singular, plural }
}

const UNCOUNTED = new Set(['data', 'metadata', 'media', 'staff', 'feedback', 'equipment', 'news', 'series', 'history'])

const toSingular = (word: string) => (UNCOUNTED.has(word.toLowerCase()) ? word : pluralizer.singular(word))
const toPlural = (word: string) => (UNCOUNTED.has(word.toLowerCase()) ? word : pluralizer.plural(word))

function lastWord(text: string, change: (word: string) => string): string {
  const at = text.lastIndexOf(' ') + 1
  return text.slice(0, at) + change(text.slice(at))
}

/**
 * A record's noun and its title as they stand in a sentence, without saying the noun twice: 'product' 'Rye bread', but
 * '' 'order 12' for 'Order 12' and 'order' 'line 5 of order 12' for an order line called 'Line 5 of order 12'.
 */
export function nounAndTitle({ singular }: { singular: string }, title: string): { noun: string; title: string } {
  const words = singular.toLowerCase().split(' ')
  for (let said = words.length; said > 0; said--) {
    const end = words.slice(-said).join(' ')
    if (title.toLowerCase().startsWith(`${end} `))
      return { noun: words.slice(0, -said).join(' '), title: end + title.slice(end.length) }
  }
  return { noun: words.join(' '), title }
}

/** The same as one text. */
export function withNoun(resource: { singular: string }, name: string): string {
  const { noun, title } = nounAndTitle(resource, name)
  return noun ? `${noun} ${title}` : title
}
