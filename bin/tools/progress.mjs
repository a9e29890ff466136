// Plain Node: used before anything is installed.

const SLOW_MS = 2_000
const REMINDER_MS = 20_000
const isTerminal = process.stdout.isTTY === true

// Whoever reads along, `head` for one, may have read enough: what is being done goes on.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
})

/** Prints one line of the command's own. */
export function say(text) {
  process.stdout.write(`${text}\n`)
}

/** '1 finding', '2 findings'. */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`

/**
 * Runs `work` as one line: what is being done while it takes long, what was done and for how long in the end. `work`
 * gets a function that replaces the text of the final line.
 */
export async function step(doing, done, work) {
  const started = Date.now()
  let result = done
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`
  const show = () => {
    if (isTerminal) process.stdout.write(`\r\x1b[2K  ${doing} … ${seconds()}`)
    else say(`  ${doing} … ${seconds()}`)
  }
  const first = setTimeout(show, isTerminal ? 300 : SLOW_MS)
  const reminder = setInterval(show, isTerminal ? 500 : REMINDER_MS)
  const finish = (line) => {
    clearTimeout(first)
    clearInterval(reminder)
    if (isTerminal) process.stdout.write('\r\x1b[2K')
    if (line) say(line)
  }
  try {
    const value = await work((text) => {
      result = text
    })
    finish(result && `✓ ${result} (${seconds()})`)
    return value
  } catch (error) {
    finish(`✗ ${doing}: failed after ${seconds()}`)
    throw error
  }
}

/** What a person has to know about an error: its message, and the way to it where it is none of ours. */
export function messageOf(error) {
  const known = error instanceof Error ? error : new Error(String(error))
  const isOurs = known.constructor === Error || ['AdminError', 'ConfigError', 'EnvError'].includes(known.name)
  return isOurs ? known.message : (known.stack ?? known.message)
}

/** Tells what stopped the command and ends the process. */
export function stopWith(error) {
  process.stderr.write(`\n${messageOf(error)}\n`)
  process.exit(1)
}
