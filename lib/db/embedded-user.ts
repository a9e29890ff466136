import { spawnSync } from 'node:child_process'

/** The account PostgreSQL runs as, where that is not our own. */
export interface ServerUser {
  name: string
  uid: number
  gid: number
}

const NAME = 'postgres'

/**
 * PostgreSQL refuses to run as root, so root lends it the system user `postgres`, made here where there is none.
 * @returns undefined for an ordinary user, who runs it under their own name
 * @throws Error saying what to do where the user cannot be made
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const known = lookUp()
  if (known) return known
  const made = spawnSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false', NAME],
    { encoding: 'utf8' },
  )
  const user = lookUp()
  if (user) return user
  throw new Error(
    `PostgreSQL refuses to run as root, and its user "${NAME}" could not be made: ${made.error?.message ?? made.stderr.trim()}. ` +
      `Run Kontor as an ordinary user, add a system user "${NAME}", or give DATABASE_URL.`,
  )
}

/** How to start a program as `user`. The working folder is one anybody may enter. */
export function asUser(user: ServerUser | undefined): { uid?: number; gid?: number; cwd: string } {
  return user ? { uid: user.uid, gid: user.gid, cwd: '/' } : { cwd: '/' }
}

/** Whether `user` can reach the folder: a parent such as /root (mode 700) stops everyone else. */
export function canEnter(user: ServerUser | undefined, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], asUser(user)).status === 0
}

function lookUp(): ServerUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, NAME], { encoding: 'utf8' })
    return status === 0 ? Number(stdout) : undefined
  })
  return uid === undefined || gid === undefined ? undefined : { name: NAME, uid, gid }
}
