import { createServer } from 'node:net'

const DEFAULT_PORT = 3000
const TRIED = 20

/**
 * The port the site will have: the given one, or the first free one from 3000 on.
 * @throws Error naming PORT or KONTOR_HOST where that cannot be had
 */
export async function choosePort(host: string, given: number | undefined): Promise<number> {
  const first = given ?? DEFAULT_PORT
  const last = given ?? DEFAULT_PORT + TRIED - 1
  for (let port = first; port <= last; port++) {
    const problem = await tryListen(host, port)
    if (problem === undefined) return port
    if (problem === 'EACCES') throw new Error(`PORT ${port} may not be used by this user: give one above 1023.`)
    if (problem !== 'EADDRINUSE') {
      throw new Error(`KONTOR_HOST ${host} is no address of this machine (${problem}). Example: KONTOR_HOST=0.0.0.0`)
    }
  }
  throw new Error(
    given
      ? `PORT ${given} is used by another program. Stop that one, give another PORT, or give none: a free one is found then.`
      : `Ports ${first} to ${last} are all used by other programs. Give a free one, for example PORT=8080.`,
  )
}

/** Where the site answers from this machine. */
export function localAddress(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    probe.listen(port, host, () => probe.close(() => resolve(undefined)))
  })
}
