import { actionContext } from '@/app/context'
import { respondError } from '@/app/respond'
import { findResource, loadOptions, travelExactly } from '@/lib/admin'

interface Context {
  params: Promise<{ section: string; resource: string; field: string }>
}

/** What a picker offers: records of a foreign key's or a many-to-many association's target that fit `?q=`, with `?at=` as they were then. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  try {
    const { section, resource: slug, field } = await params
    const ctx = await actionContext('options')
    const { searchParams } = new URL(request.url)
    const then = await travelExactly(ctx, await findResource(ctx, section, slug), searchParams.get('at'))
    const options = await loadOptions(then.ctx, then.resource, field, searchParams.get('q') ?? '')
    return Response.json(options, { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return respondError(error)
  }
}
