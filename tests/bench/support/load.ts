import { Agent, get } from 'node:http'

/** What one address gave under one load. */
export interface Measured {
  perSecond: number
  medianMs: number
  p99Ms: number
  /** Processor time of the serving process for one page: what a busy machine does not blur as it does the rest. */
  cpuMs?: number
}

export interface Target {
  url: string
  headers?: Record<string, string>
}

/** Asks for a page again and again over `connections` kept alive; the milliseconds each answer took to its last byte. */
export async function load({ url, headers = {} }: Target, connections: number, ms: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const taken: number[] = []
  const until = performance.now() + ms
  try {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (performance.now() < until) {
          const started = performance.now()
          await fetchPage(url, headers, agent)
          taken.push(performance.now() - started)
        }
      }),
    )
  } finally {
    agent.destroy()
  }
  return taken
}

/** What a browser asks for when somebody opens an address. */
const DOCUMENT = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

function fetchPage(url: string, headers: Record<string, string>, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { ...DOCUMENT, ...headers }, agent }, (response) => {
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${url} answered ${response.statusCode}`))
      })
      response.resume()
    }).on('error', reject)
  })
}

/**
 * All rounds of one address together.
 * @param cpuMs that the serving process used in them
 */
export function summarize(taken: readonly number[], connections: number, cpuMs?: number): Measured {
  const sorted = [...taken].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const total = sorted.reduce((sum, each) => sum + each, 0)
  return {
    perSecond: (sorted.length / total) * 1000 * connections,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    cpuMs: cpuMs && cpuMs / sorted.length,
  }
}
