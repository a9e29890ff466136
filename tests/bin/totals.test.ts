import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playwrightTotals, vitestTotals } from '@/bin/tools/totals.mjs'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kontor-totals-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function report(content: unknown): Promise<string> {
  const file = path.join(folder, 'report.json')
  await writeFile(file, JSON.stringify(content))
  return file
}

describe('the totals of a run', () => {
  it('count what Vitest counted, and a file that could not be loaded as a failure', async () => {
    const loaded = { status: 'failed', assertionResults: [{ status: 'failed' }] }
    const unloaded = { status: 'failed', assertionResults: [] }
    const file = await report({ numPassedTests: 7, numFailedTests: 1, testResults: [loaded, unloaded] })
    expect(vitestTotals(file, 1)).toEqual({ passed: 7, failed: 2 })
  })

  it('count what Playwright counted, and a test that passed at its second try as a failure', async () => {
    const file = await report({ stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 2 }, errors: [] })
    expect(playwrightTotals(file, 1)).toEqual({ passed: 3, failed: 2 })
  })

  it('never call a run green whose runner ended badly', async () => {
    const green = await report({ numPassedTests: 2, numFailedTests: 0, testResults: [] })
    expect(vitestTotals(green, 0)).toEqual({ passed: 2, failed: 0 })
    expect(vitestTotals(green, 1)).toEqual({ passed: 2, failed: 1 })
    expect(vitestTotals('/nonexistent', 0)).toEqual({ passed: 0, failed: 1 })
    expect(playwrightTotals('/nonexistent', null)).toEqual({ passed: 0, failed: 1 })
  })
})
