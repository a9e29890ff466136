import { Moment } from '@/app/admin/moment'
import type { RequestContext } from '@/lib/admin'

interface Props {
  ctx: RequestContext
  version: { number: number; newest: number; at: string; who: string; reason: string | null }
}

/** Which version it is, who wrote it, when and why. */
export function VersionLine({ ctx, version: { number, newest, at, who, reason } }: Props) {
  return (
    <>
      Version {number} of {newest} · {who} · <Moment ctx={ctx} text={at} />
      {reason && ` · ${reason}`}
    </>
  )
}
