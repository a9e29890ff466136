import { actionContext } from '@/app/context'
import { respondJson } from '@/app/respond'
import { findResource, loadOptions, travelExactly } from '@/lib/admin'

interface Context {
  params: Promise<{ section: string; resource: string; field: string }>
}

/** What a picker offers: records of a foreign key's or a many-to-many association's target that fit `?q=`, with `?at=` as they were then. */
export function GET(request: Request, { params }: Context): Promise<Response> {
  return respondJson(async () => {
    const { section, resource: slug, field } = await params
    const ctx = await actionContext('options')
    const { searchParams } = new URL(request.url)
    const then = await travelExactly(ctx, await findResource(ctx, section, slug), searchParams.get('at'))
    return loadOptions(then.ctx, then.resource, field, searchParams.get('q') ?? '')
  })
}
