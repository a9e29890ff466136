import { z } from 'zod'
import { actionContext } from '@/app/context'
import { respondJson } from '@/app/respond'
import { findResource } from '@/lib/admin'
import { loadDeletionView } from '@/lib/admin/deletion-view'
import { invalid } from '@/lib/errors'

interface Context {
  params: Promise<{ section: string; resource: string }>
}

const input = z.object({ ids: z.array(z.string().max(4000)).min(1).max(1000) })

/** The same for many records together. Their ids may be more than an address holds, so it is a POST; it changes nothing. */
export function POST(request: Request, { params }: Context): Promise<Response> {
  return respondJson(async () => {
    const { section, resource: slug } = await params
    const ctx = await actionContext('page')
    const given = input.safeParse(await request.json().catch(() => undefined))
    if (!given.success) throw invalid('Say which records: ids, from 1 to 1,000 of them.')
    return loadDeletionView(ctx, await findResource(ctx, section, slug), given.data.ids)
  })
}
