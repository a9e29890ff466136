import { createServer, connect as dial, type Server, type Socket } from 'node:net'

export interface Relay {
  /** The address given, by way of the relay. */
  url: string
  /** As a server that is not there: connections are cut, further ones refused. */
  refuse(): Promise<void>
  /** As one behind a pooler whose own server is away: connections are cut, further ones closed without a word. */
  hangUp(): void
  /** As a server that was stopped with SIGSTOP: connections stay and are made, nothing ever comes. */
  fallSilent(): void
  /** As before. What fell silent meanwhile is cut. */
  restore(): Promise<void>
  close(): Promise<void>
}

/** Stands between a client and the PostgreSQL at `url`, and can go away as servers do. */
export async function startRelay(url: string): Promise<Relay> {
  const to = new URL(url)
  const sockets = new Set<Socket>()
  let mood: 'through' | 'hang up' | 'silent' = 'through'

  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const serve = (near: Socket) => {
    keep(near)
    if (mood === 'hang up') {
      near.end()
      return
    }
    if (mood === 'silent') return
    const far = dial(Number(to.port), to.hostname)
    keep(far)
    near.on('data', (data) => mood === 'through' && far.write(data))
    far.on('data', (data) => mood === 'through' && near.write(data))
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  }
  const listen = (port: number) =>
    new Promise<Server>((resolve) => {
      const made = createServer(serve).listen(port, '127.0.0.1', () => resolve(made))
    })
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }

  let server: Server | undefined = await listen(0)
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const via = new URL(url)
  via.hostname = '127.0.0.1'
  via.port = String(port)

  const stop = async () => {
    const closing = server
    server = undefined
    if (closing) {
      const closed = new Promise((resolve) => closing.close(resolve))
      cut()
      await closed
    }
  }
  return {
    url: via.href,
    refuse: stop,
    hangUp() {
      mood = 'hang up'
      cut()
    },
    fallSilent() {
      mood = 'silent'
    },
    async restore() {
      if (mood === 'silent') cut()
      mood = 'through'
      server ??= await listen(port)
    },
    close: stop,
  }
}
