import { AdminError } from '@/lib/errors'

/**
 * The body's text, read no further than `limit` bytes.
 * @throws AdminError `too_large`; `invalid` where it is not UTF-8
 */
export async function readBody(request: Request, limit: number): Promise<string> {
  const tooLarge = () => new AdminError('too_large', `The body is larger than ${limit} bytes.`)
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  if (request.body) {
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > limit) throw tooLarge()
      chunks.push(chunk)
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new AdminError('invalid', 'The body is not UTF-8 text.', {}, { cause: error })
  }
}
