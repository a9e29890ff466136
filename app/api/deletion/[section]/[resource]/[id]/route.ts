import { actionContext } from '@/app/context'
import { recordIdOf } from '@/app/record-id'
import { respondJson } from '@/app/respond'
import { findResource } from '@/lib/admin'
import { loadDeletionView } from '@/lib/admin/deletion-view'

interface Context {
  params: Promise<{ section: string; resource: string; id: string }>
}

/** What else would go, stay or be in the way if a record were deleted: asked when the question is put, not before. */
export function GET(_request: Request, { params }: Context): Promise<Response> {
  return respondJson(async () => {
    const { section, resource: slug, id } = await params
    const ctx = await actionContext('page')
    return loadDeletionView(ctx, await findResource(ctx, section, slug), [recordIdOf(id)])
  })
}
