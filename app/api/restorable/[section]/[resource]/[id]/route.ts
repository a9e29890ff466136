import { actionContext } from '@/app/context'
import { recordIdOf } from '@/app/record-id'
import { respondJson } from '@/app/respond'
import { findResource } from '@/lib/admin'
import { findRestorable } from '@/lib/admin/history/subject'

interface Context {
  params: Promise<{ section: string; resource: string; id: string }>
}

/** What would bring a record back that went while its form is open, where this person may: `{ by: null }` says nothing does. */
export function GET(_request: Request, { params }: Context): Promise<Response> {
  return respondJson(async () => {
    const { section, resource: slug, id } = await params
    const ctx = await actionContext('page')
    const by = (await findRestorable(ctx, await findResource(ctx, section, slug), recordIdOf(id))) ?? null
    return { by }
  })
}
