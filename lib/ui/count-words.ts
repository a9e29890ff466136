import type { CountView } from '@/lib/admin/view'

/** '1,204', 'about 2,000,000', 'more than 10,000'. */
export function countWords({ kind, count }: CountView, locale: string): string {
  const number = new Intl.NumberFormat(locale).format(count)
  return { exact: number, about: `about ${number}`, atLeast: `more than ${number}` }[kind]
}
