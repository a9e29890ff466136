import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimRun } from '@/bin/supervisor/single-run'
import { isAlive } from '@/lib/db/embedded-process'
import { eventually } from '@/tests/support/eventually'

let folder: string
const children: ReturnType<typeof spawn>[] = []

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kontor-run-'))
  await mkdir(path.join(folder, 'bin'))
  for (const name of ['bin/start.mjs', 'parent-watch.mjs']) {
    await writeFile(path.join(folder, name), 'setInterval(() => {}, 1000)')
  }
})

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

function program(name: string): number {
  const child = spawn(process.execPath, [path.join(folder, name)], { stdio: 'ignore' })
  children.push(child)
  return child.pid!
}

const note = () => path.join(folder, 'run.json')

describe('a run over a data folder', () => {
  it('leaves nothing behind when it is released', async () => {
    const run = await claimRun(folder)
    await run.update({ address: 'http://here' })
    expect(JSON.parse(await readFile(note(), 'utf8'))).toEqual({
      pid: process.pid,
      children: [],
      address: 'http://here',
    })
    await run.release()
    await expect(readFile(note())).rejects.toThrow('ENOENT')
  })

  it('is the only one: a second is told where the first is', async () => {
    const pid = program('bin/start.mjs')
    await writeFile(note(), JSON.stringify({ pid, address: 'http://127.0.0.1:3000', children: [] }))
    await eventually(() => expect(isAlive(pid)).toBe(true))
    await expect(claimRun(folder)).rejects.toThrow(`already running here at http://127.0.0.1:3000 (process ${pid})`)
    process.kill(pid, 'SIGKILL')
    await eventually(() => expect(children.at(-1)?.signalCode).toBe('SIGKILL'))
    await (await claimRun(folder)).release()
  })

  it('waits for one that is ending', async () => {
    const pid = program('bin/start.mjs')
    await writeFile(note(), JSON.stringify({ pid, isStopping: true, children: [] }))
    setTimeout(() => process.kill(pid, 'SIGKILL'), 300)
    const begun = Date.now()
    await (await claimRun(folder)).release()
    expect(Date.now() - begun).toBeGreaterThan(200)
  })

  it('takes the place of one that was killed, ends what that left behind, and nobody else', async () => {
    const orphan = program('parent-watch.mjs')
    const stranger = program('bin/start.mjs')
    await writeFile(note(), JSON.stringify({ pid: 2 ** 22 + 1, children: [orphan, stranger] }))
    await (await claimRun(folder)).release()
    await eventually(() => expect(children.find(({ pid }) => pid === orphan)?.signalCode).toBe('SIGTERM'))
    expect(isAlive(stranger)).toBe(true)
  })

  it('is not stopped by a note that was cut short', async () => {
    await writeFile(note(), '{"pid":')
    await (await claimRun(folder)).release()
  })
})
