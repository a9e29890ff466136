import postgres from 'postgres'

/** The first half of the advisory locks' keys: apart from other locks in the same database. */
const LOCK_CLASS = 0x6b6475

export interface DutyLocks {
  /** Whether this process is the one that does `name`: takes the lock where nobody has it, and then keeps it. */
  isOurs(name: string): Promise<boolean>
  /** Aborted when the connection that holds the locks is lost; another process may have them from then on. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/**
 * Session-level advisory locks on one connection of their own, so that a process that dies gives its duties to the
 * others at once. The connection has to go past a pooler: a pooled session is not ours alone.
 */
export function openDutyLocks(url: string): DutyLocks {
  const held = new Set<string>()
  let lost = new AbortController()
  const sql = postgres(url, {
    max: 1,
    max_lifetime: null, // an exchange of the connection would drop the locks
    connect_timeout: 10,
    onnotice: () => {},
    connection: { application_name: 'kontor duties' },
    onclose: () => {
      held.clear()
      lost.abort()
      lost = new AbortController()
    },
  })
  return {
    async isOurs(name) {
      if (held.has(name)) {
        await sql`select` // a connection that died unnoticed shows itself here
        if (held.has(name)) return true
      }
      const [row] = await sql`select pg_try_advisory_lock(${LOCK_CLASS}, hashtext(${name})) as ours`
      if (row?.ours) held.add(name)
      return row?.ours === true
    },
    get lost() {
      return lost.signal
    },
    close: () => sql.end({ timeout: 2 }),
  }
}
