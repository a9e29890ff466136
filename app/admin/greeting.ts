import type { RequestContext } from '@/lib/admin'
import { spokenLocale } from '@/lib/admin/fields/spoken'

/** What the clock on the person's wall makes one say, and the day it shows. */
export function greeting({ clock, locale, timeZone }: Pick<RequestContext, 'clock' | 'locale' | 'timeZone'>): {
  words: string
  day: string
} {
  const now = clock.now()
  const hour = Number(new Intl.DateTimeFormat('en', { hour: 'numeric', hourCycle: 'h23', timeZone }).format(now))
  const words = hour < 5 ? 'Good night' : hour < 12 ? 'Good morning' : hour < 18 ? 'Good afternoon' : 'Good evening'
  return { words, day: new Intl.DateTimeFormat(spokenLocale(locale), { dateStyle: 'full', timeZone }).format(now) }
}
