import { z } from 'zod'
import type { RequestContext } from '@/lib/admin'
import { refusal } from '@/lib/admin/policy'
import { Banner } from '@/lib/ui/banner/banner'
import { ForgetParameter } from './forget-parameter'

interface Props {
  ctx: RequestContext
  /** The address's `refused`, as app/page-outcome.ts writes it: 'list:catalogue/products'. */
  refused: string | string[] | undefined
}

const shape = z.tuple([z.enum(['list', 'read', 'create', 'update', 'delete']), z.string()])

/** Says once, on the page somebody was led to, what they were refused. Whatever is not ours in the address says nothing. */
export function Refusal({ ctx, refused }: Props) {
  if (typeof refused !== 'string') return null
  const at = refused.indexOf(':')
  const read = shape.safeParse([refused.slice(0, at), refused.slice(at + 1)])
  const resource = read.success ? ctx.admin.resources.get(read.data[1]) : undefined
  if (!read.success || !resource) return null
  return (
    <>
      <ForgetParameter name="refused" />
      <Banner tone="warn">{refusal(resource, read.data[0]).message}</Banner>
    </>
  )
}
