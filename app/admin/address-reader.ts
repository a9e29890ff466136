import { clip, wellFormed } from '@/lib/admin/list/wording'

/** More of one word than anybody types. */
const MOST_CHARACTERS = 500

/** The words of an address, read one by one; what one of them cannot mean is left out and said in `notices`. */
export function addressReader(search: Record<string, string | string[] | undefined>) {
  const notices: string[] = []
  const one = (name: string): string | undefined => {
    const value = search[name]
    const text = typeof value === 'string' ? wellFormed(value.slice(0, MOST_CHARACTERS)).trim() : ''
    return text === '' ? undefined : text
  }
  const day = (name: string): string | undefined => {
    const value = one(name)
    if (value === undefined || isDay(value)) return value
    notices.push(`“${clip(value)}” is not a date such as 2030-01-31, so it narrows nothing.`)
    return undefined
  }
  return { notices, one, day }
}

/** Whether a text is a day of the calendar: '2030-01-31', not '2030-02-31'. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true
}
