import { revalidateTag } from 'next/cache'
import { z } from 'zod'
import { hasBearer } from '@/app/api/bearer'
import { getRuntime } from '@/lib/runtime'

const tags = z.array(z.string().min(1).max(256)).max(1000)

/** What the process asks of itself when a watcher's tags are to be revalidated; nobody else knows the token. */
export async function POST(request: Request): Promise<Response> {
  if (!hasBearer(request, (await getRuntime()).ownToken)) return new Response(null, { status: 404 })
  for (const tag of tags.parse(await request.json())) revalidateTag(tag, { expire: 0 })
  return new Response(null, { status: 204 })
}
