import type { RequestContext } from '@/lib/admin'
import { exactMoment, formatDateTime, relativeTime } from '@/lib/admin/fields/format'

/**
 * A moment as people say it: relative while fresh, exact on hover and beyond a week. `text` is Postgres's, in UTC.
 * @param isExact to the second at once: for entries of one log, where what lies between them tells
 */
export function Moment({
  ctx,
  text,
  none = '–',
  isExact = false,
}: {
  ctx: RequestContext
  text: string | null | undefined
  none?: string
  isExact?: boolean
}) {
  if (!text) return none
  const format = { locale: ctx.locale, timeZone: ctx.timeZone, now: ctx.clock.now() }
  const instant = Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
  return (
    <time
      dateTime={Number.isNaN(instant) ? undefined : new Date(instant).toISOString()}
      title={exactMoment(text, ctx.timeZone)}
    >
      {isExact
        ? formatDateTime(text, format, 'ifAny')
        : (relativeTime(instant, format) ?? formatDateTime(text, format))}
    </time>
  )
}
