import { z } from 'zod'
import { findResource, type RequestContext } from '@/lib/admin'
import { invalid } from '@/lib/errors'

/** What names one record in a request. */
export const recordInput = z.object({ resource: z.string().max(300), id: z.string().max(4000) })

/** @throws AdminError `invalid` for what does not fit the shape */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw invalid(`The request is malformed: ${z.prettifyError(result.error)}`)
}

/**
 * The resource of a key such as 'catalogue/products', where this person may see it.
 * @throws AdminError `not_found`, `forbidden`
 */
export function resourceOf(ctx: RequestContext, key: string) {
  const [section = '', slug = ''] = key.split('/')
  return findResource(ctx, section, slug)
}
