import { createServer } from 'node:net'

/** A port nobody listens on: `preferred` where it is free. */
export function freePort(preferred = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (preferred === 0) reject(error)
      else freePort().then(resolve, reject)
    })
    probe.listen(preferred, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
