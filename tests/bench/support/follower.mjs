// A process that follows the log as a web process or a worker does, with a subscription or none of the busy table.
// Says `ready` once it hears, and how many messages it got when its input ends.
import { enableTypeScript } from '../../../bin/tools/typescript.mjs'

await enableTypeScript()
const { follow } = await import('./follower.ts')
await follow(JSON.parse(process.env.FOLLOWER_OPTIONS ?? '{}'))
