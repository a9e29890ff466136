import { actionContext } from '@/app/context'
import { respondError } from '@/app/respond'
import { findResource, streamCsv, travelExactly } from '@/lib/admin'
import { parseListState } from '@/lib/admin/list'
import { invalid } from '@/lib/errors'

interface Context {
  params: Promise<{ section: string; resource: string }>
}

/**
 * The listed rows as a CSV file. A page can say that it left a bad filter out; a file cannot, so here a bad address is
 * refused.
 */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  try {
    const { section, resource: slug } = await params
    const { searchParams } = new URL(request.url)
    const now = await actionContext('export')
    const found = await findResource(now, section, slug)
    const { ctx, resource } = await travelExactly(now, found, searchParams.get('at'))
    const { state, notices } = await parseListState(resource, searchParams, ctx)
    if (notices.length > 0) throw invalid(`Nothing was exported. ${notices.join(' ')}`)
    const day = ctx.clock.now().toISOString().slice(0, 10)
    return new Response(await streamCsv(ctx, resource, state), {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${resource.slug}-${day}.csv"`,
        'cache-control': 'no-store',
      },
    })
  } catch (error) {
    return respondError(error)
  }
}
