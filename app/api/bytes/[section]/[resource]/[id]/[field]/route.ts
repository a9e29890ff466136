import { actionContext } from '@/app/context'
import { recordIdOf } from '@/app/record-id'
import { respondError } from '@/app/respond'
import { findResource, loadBytes, travelExactly } from '@/lib/admin'

interface Context {
  params: Promise<{ section: string; resource: string; id: string; field: string }>
}

/** A binary value as a download. Never shown by the browser itself: what is stored may be anything. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  try {
    const { section, resource: slug, id, field } = await params
    const ctx = await actionContext('download')
    const at = new URL(request.url).searchParams.get('at')
    const then = await travelExactly(ctx, await findResource(ctx, section, slug), at)
    const bytes = await loadBytes(then.ctx, then.resource, recordIdOf(id), recordIdOf(field))
    return new Response(new Uint8Array(bytes), {
      headers: {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(`${slug}-${recordIdOf(id)}-${recordIdOf(field)}`.slice(0, 120))}`,
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      },
    })
  } catch (error) {
    return respondError(error)
  }
}
