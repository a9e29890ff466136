import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { choosePort, localAddress } from '@/bin/supervisor/port'
import { freePort } from '@/lib/db/embedded-port'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function occupy(port: number): Promise<void> {
  const server = createServer()
  servers.push(server)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
}

describe('the port of the site', () => {
  it('is the given one where that is free', async () => {
    const port = await freePort()
    expect(await choosePort('127.0.0.1', port)).toBe(port)
  })

  it('is explained by its name where the given one is used', async () => {
    const port = await freePort()
    await occupy(port)
    await expect(choosePort('127.0.0.1', port)).rejects.toThrow(`PORT ${port} is used by another program`)
  })

  it('is another one where none was given and the first is used', async () => {
    const first = await choosePort('127.0.0.1', undefined)
    await occupy(first)
    expect(await choosePort('127.0.0.1', undefined)).toBeGreaterThan(first)
  })

  it('cannot be had on a foreign address, which is named', async () => {
    await expect(choosePort('192.0.2.1', undefined)).rejects.toThrow(
      'KONTOR_HOST 192.0.2.1 is no address of this machine',
    )
  })

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:3000'],
    ['0.0.0.0', 'http://127.0.0.1:3000'],
    ['::', 'http://[::1]:3000'],
    ['::1', 'http://[::1]:3000'],
    ['intranet', 'http://intranet:3000'],
  ])('of %s is reached at %s', (host, address) => {
    expect(localAddress(host, 3000)).toBe(address)
  })
})
