// Run by npm after every install: mends what postgres 3.4.9 (the newest) does when the server goes away while a
// transaction is open. Its own statements then go on over the same connection object:
// - while that has no socket, a callback nobody can catch ends the process (github.com/porsager/postgres/issues/1066,
//   1154, 1208),
// - once it is connected again, they run outside of any transaction, and answers reach the wrong statements,
// - one sent between the socket's error and its end is never answered, the first one after fails with an old error, and
//   a connection that is lost while it is made ends the process,
// - one that is closed while it is made, without a word, is made again for ever, without a pause: whoever waits for it
//   (behind a pooler or a port of Docker whose server is away) never hears of it.
// Mended, a transaction whose connection is lost fails every further statement, and nothing of a connection is left for
// the next one. Nor is anything of a statement that fails after its first rows: 3.4.9 goes on counting where it was, so
// that the next result on that connection begins with holes.
// Each repair is shown by tests/db/lost-connection.test.ts.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const MARK = '/* mended by Kontor */'

/** By file: the text of 3.4.9, and what stands there instead. */
const REPAIRS = {
  'connection.js': [
    [
      '    const x = socket.write(chunk, fn)\n',
      `    if (socket === null) { ${MARK}
      nextWriteTimer !== null && clearImmediate(nextWriteTimer)
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options, socket))
      return true
    }
    const x = socket.write(chunk, fn)
`,
    ],
    [
      "    clearImmediate(nextWriteTimer)\n    socket.removeListener('data', data)\n    socket.removeListener('connect', connected)\n    idleTimer",
      `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null ${MARK}
    socket.removeListener('data', data)
    socket.removeListener('connect', connected)
    idleTimer`,
    ],
    [
      "    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))\n",
      `    if (query || sent.length) error(Errors.connection('CONNECTION_CLOSED', options, socket)) ${MARK}
    query = results = errorResponse = null
    result = new Result()
`,
    ],
    [
      '    if (initial)\n      return reconnect()\n',
      `    if (initial && options.host.length > 1) ${MARK}
      return reconnect()
    initial && errored(Errors.connection('CONNECTION_CLOSED', options, socket))
`,
    ],
    ['        return fetchArrayTypes()\n', `        return fetchArrayTypes().catch(error) ${MARK}\n`],
    ['    result = new Result()\n    closedTime', `    result = new Result()\n    rows = 0 ${MARK}\n    closedTime`],
    [
      '    result = new Result()\n    connectTimer',
      `    result = new Result()\n    rows = 0 ${MARK}\n    connectTimer`,
    ],
  ],
  'index.js': [
    [
      '        new Promise((_, reject) => connection.onclose = reject)\n',
      `        new Promise((_, reject) => connection.onclose = e => { ${MARK}
          lost = e
          while (queries.length) queries.shift().reject(e)
          reject(e)
        })
`,
    ],
    [
      '      , connection\n      , prepare = null\n',
      `      , connection
      , lost = null ${MARK}
      , prepare = null
`,
    ],
    [
      '        q.catch(e => uncaughtError || (uncaughtError = e))\n',
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (lost) return q.reject(lost) ${MARK}
`,
    ],
  ],
}

/**
 * Mends the package installed in `folder`. Done again, it changes nothing.
 * @returns {string[]} the files it did not know: neither 3.4.9's nor mended
 */
export function mendPostgres(folder) {
  const strange = []
  for (const format of ['src', 'cjs/src']) {
    for (const [name, repairs] of Object.entries(REPAIRS)) {
      const file = path.join(folder, format, name)
      const found = readFileSync(file, 'utf8')
      let mended = found
      for (const [from, to] of repairs) {
        if (mended.includes(to)) continue
        if (mended.split(from).length !== 2) {
          mended = found
          strange.push(file)
          break
        }
        mended = mended.replace(from, () => to)
      }
      if (mended !== found) writeFileSync(file, mended)
    }
  }
  return strange
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../node_modules/postgres')
  for (const file of mendPostgres(folder)) console.warn(`${file} is another than expected and was not mended.`)
}
