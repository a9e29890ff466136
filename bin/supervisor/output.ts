import { stripVTControlCharacters } from 'node:util'

const LEVELS: Record<number, string> = { 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' }

/** A line as a person reads it: the logs' JSON becomes time, level and message. */
export function readable(line: string): string {
  const plain = stripVTControlCharacters(line)
  if (!plain.startsWith('{"level":')) return plain
  try {
    const { level, time, msg, err } = JSON.parse(plain) as {
      level: number
      time: number
      msg?: string
      err?: { message?: string; stack?: string }
    }
    const clock = new Date(time).toTimeString().slice(0, 8)
    const cause = err?.stack ?? err?.message
    return `${clock} ${LEVELS[level] ?? ''}${msg ?? ''}${cause ? `\n${cause}` : ''}`
  } catch {
    return plain
  }
}
