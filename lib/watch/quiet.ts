import type { Logger } from 'pino'
import type postgres from 'postgres'

/**
 * Writers ring under this lock, if they get it (lib/history's triggers): each that holds it speaks for all that come
 * meanwhile. A reader that reads at intervals anyway shares it for itself, and nobody rings: a notification wakes every
 * listening process, which under load takes more from the writers than the reading.
 *
 * Others may still wait to be rung. So whoever asks for quiet says so on a channel that all listen to, and whoever heard it
 * reads at intervals too, until he finds the lock free and has read once more. What was written silently before that was
 * committed and read, or its transaction was open then, which readers look after (feed.ts). The lock belongs to the
 * session: a process that dies gives it back.
 */
export const QUIET_CHANNEL = 'kontor_quiet'

const LOCK = '1802465908, 20'
/** How long a reader waits for a writer that holds the lock. Rings are late by as much. */
const WAIT_MS = 50

const LOCK_NOT_AVAILABLE = '55P03'

/** @returns whether it is quiet now. Not so where a transaction stays open that rang. */
export async function askForQuiet(session: postgres.Sql): Promise<boolean> {
  try {
    await session.unsafe(
      `select set_config('lock_timeout', '${WAIT_MS}', true); select pg_advisory_lock_shared(${LOCK})`,
    )
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false
    throw error
  }
  // Committed by itself, when the lock is held already: whoever hears it and looks finds it held.
  await session.unsafe(`notify ${QUIET_CHANNEL}`)
  return true
}

export async function endQuiet(session: postgres.Sql): Promise<void> {
  await session.unsafe(`select pg_advisory_unlock_shared(${LOCK})`)
}

/** Whether some reader of this database has asked for quiet. */
export async function isQuiet(sql: postgres.ISql): Promise<boolean> {
  const [row] = await sql<{ quiet: boolean }[]>`
    select exists (
      select from pg_locks
      where locktype = 'advisory' and mode = 'ShareLock' and granted and (classid, objid, objsubid) = (1802465908, 20, 2)
        and database = (select oid from pg_database where datname = current_database())
    ) as quiet`
  return row?.quiet === true
}

/** How often it is looked whether others still want quiet. */
const CHECK_MS = 100

export interface Quiet {
  /** Whether rings may not come: its reader reads at intervals. */
  isOn(): boolean
  /** The doorbell's connection is there, for the first time or again: with the last one went what it had asked for. */
  opened(): void
  /** Somebody said that he asked for quiet. */
  announced(): void
  /** After each reading: asks for quiet where much comes, ends it where little does, finds out whether others want it. */
  steer(isLoud: boolean): Promise<void>
}

export interface QuietParts {
  sql: postgres.ISql
  askForQuiet(): Promise<boolean>
  endQuiet(): Promise<void>
  /** Resolves after a reading that began later than this call. */
  look(): Promise<void>
  log: Logger
}

export function createQuiet({ sql, askForQuiet, endQuiet, look, log }: QuietParts): Quiet {
  let wanted: 'by nobody' | 'by us' | 'perhaps' = 'by nobody'
  let announcements = 0
  let isSteering = false
  let checkedAt = 0

  const steer = async (isLoud: boolean) => {
    if (wanted === 'by us') {
      if (isLoud) return
      wanted = 'perhaps'
      return endQuiet()
    }
    if ((wanted === 'by nobody' && !isLoud) || performance.now() - checkedAt < CHECK_MS) return
    checkedAt = performance.now()
    if (isLoud) {
      if (await askForQuiet()) wanted = 'by us'
      return
    }
    const heard = announcements
    if (await isQuiet(sql)) return
    // What was written in silence before is read now, or still open.
    await look()
    if (heard === announcements) wanted = 'by nobody'
  }

  return {
    isOn: () => wanted !== 'by nobody',
    opened() {
      announcements++
      wanted = 'perhaps'
    },
    announced() {
      announcements++
      if (wanted !== 'by us') wanted = 'perhaps'
    },
    async steer(isLoud) {
      if (isSteering) return
      isSteering = true
      await steer(isLoud).catch((error) => log.debug({ err: error }, 'quiet could not be arranged'))
      isSteering = false
    },
  }
}
