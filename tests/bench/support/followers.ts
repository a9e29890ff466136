import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

const PROGRAM = path.join(import.meta.dirname, 'follower.mjs')

/** Two processes that follow, each with connections of its own, while `work` runs. @param to the watcher they subscribe to */
export async function whileFollowing<T>(url: string, to: string, work: () => Promise<T>): Promise<T> {
  const children = [0, 1].map(() =>
    spawn(process.execPath, [PROGRAM], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, FOLLOWER_OPTIONS: JSON.stringify({ url, to }) },
    }),
  )
  const ended = children.map((child) => once(child, 'exit'))
  try {
    const ready = children.map((child) => once(child.stdout.resume(), 'data'))
    const failed = ended.map(async (end) => {
      await end
      throw new Error('A follower ended before it was ready.')
    })
    for (const end of failed) end.catch(() => {})
    await Promise.race([Promise.all(ready), ...failed])
    return await work()
  } finally {
    for (const child of children) child.stdin.end()
    await Promise.all(ended)
  }
}
