import type { RequestContext } from '@/lib/admin'
import { countDead } from '@/lib/effects'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'
import { ButtonLink } from '@/lib/ui/button/button'
import { isOwner } from './owners'

/** What was given up longer ago is no news. */
const DAYS = 7

/** Tells owners of effects that were given up and that nobody has looked after; nothing otherwise. */
export async function DeadNotice({ ctx }: { ctx: RequestContext }) {
  if (!isOwner(ctx)) return null
  const { db } = await getRuntime()
  const { count, isCapped } = await countDead(db.sql, DAYS)
  if (count === 0) return null
  const words = `${new Intl.NumberFormat(ctx.locale).format(count)}${isCapped ? ' or more' : ''}`
  return (
    <Banner
      tone="warn"
      action={
        <ButtonLink size="small" href="/admin/effects?state=dead">
          Look after {count === 1 ? 'it' : 'them'}
        </ButtonLink>
      }
    >
      {count === 1 ? '1 effect was given up' : `${words} effects were given up`} in the last {DAYS} days. Retry or
      dismiss {count === 1 ? 'it' : 'them'}.
    </Banner>
  )
}
