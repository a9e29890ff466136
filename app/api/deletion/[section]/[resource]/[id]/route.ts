import { actionContext } from '@/app/context'
import { recordIdOf } from '@/app/record-id'
import { respondError } from '@/app/respond'
import { findResource } from '@/lib/admin'
import { loadDeletionView } from '@/lib/admin/deletion-view'

interface Context {
  params: Promise<{ section: string; resource: string; id: string }>
}

/** What else would go, stay or be in the way if a record were deleted: asked when the question is put, not before. */
export async function GET(_request: Request, { params }: Context): Promise<Response> {
  try {
    const { section, resource: slug, id } = await params
    const ctx = await actionContext('page')
    const view = await loadDeletionView(ctx, await findResource(ctx, section, slug), [recordIdOf(id)])
    return Response.json(view, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return respondError(error)
  }
}
