import { actionContext } from '@/app/context'
import { respondError } from '@/app/respond'
import { findResource, loadOptions } from '@/lib/admin'

interface Context {
  params: Promise<{ section: string; resource: string; field: string }>
}

/** What a picker offers: records of a foreign key's or a many-to-many association's target that fit `?q=`. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  try {
    const { section, resource: slug, field } = await params
    const ctx = await actionContext('options')
    const resource = await findResource(ctx, section, slug)
    const q = new URL(request.url).searchParams.get('q') ?? ''
    return Response.json(await loadOptions(ctx, resource, field, q), { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return respondError(error)
  }
}
