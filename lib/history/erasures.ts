import type postgres from 'postgres'

/** The recorded erasures, as the log itself holds them. */
export interface Erasures {
  /** Whether recorded erasures of this change lead from one digest to the other. */
  lead(changeId: string, from: Buffer, to: Buffer): boolean
}

/**
 * Reads the erasures from their log rows, which are sealed like any other, rather than from kontor.erasures.
 */
export async function readErasures(db: postgres.ISql): Promise<Erasures> {
  const rows = await db<{ changeId: string; from: string; to: string }[]>`
    select c.after ->> 'change_id' as "changeId", c.after ->> 'old_digest' as from, c.after ->> 'new_digest' as to
    from kontor.changes as c where c.relation = 'kontor.erasures' and c.op = 'insert' order by c.id`
  const steps = new Map<string, Map<string, string>>()
  for (const { changeId, from, to } of rows) {
    const known = steps.get(changeId) ?? new Map<string, string>()
    steps.set(changeId, known.set(from, to))
  }
  return {
    lead(changeId, from, to) {
      const known = steps.get(changeId)
      let digest: string | undefined = `\\x${from.toString('hex')}`
      for (let step = 0; known && digest !== undefined && step <= known.size; step++) {
        if (digest === `\\x${to.toString('hex')}`) return true
        digest = known.get(digest)
      }
      return false
    },
  }
}
