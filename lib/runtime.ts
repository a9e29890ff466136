import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import config from '@/admin.config'
import { type AdminSource, columnCodec, liveViewers, resolveAdmin } from '@/lib/admin'
import { connect, type Database } from '@/lib/db/client'
import { type EnvFor, readEnv } from '@/lib/env'
import { createFeed, createHub, createWatchers, type Feed, type Hub, type Watchers } from '@/lib/watch'

/** Everything a process needs, built once: the composition root, and the only importer of admin.config. */
export interface Runtime {
  admin: AdminSource
  db: Database
  /** What is committed, live. Reads nothing until somebody subscribes. */
  feed: Feed
  /** The streams of browsers that follow along. */
  hub: Hub
  /** `subscribe` and `unsubscribe` for code of one's own. */
  watchers: Watchers
  env: EnvFor<'web'>
  /** Known to this process alone: what it asks of itself carries it. */
  ownToken: string
  clock: { now(): Date }
  log: pino.Logger
}

const KEY = Symbol.for('kontor.runtime')

/**
 * The process's runtime, made on first use. Kept on globalThis, because a bundler may load this module twice.
 * @throws EnvError, ConfigError naming every mistake; the next call tries again
 */
export async function getRuntime(): Promise<Runtime> {
  const shelf = globalThis as { [KEY]?: Runtime }
  shelf[KEY] ??= makeRuntime()
  return shelf[KEY]
}

/** The config, checked and complete, for processes that bring connections of their own. Resolved on each call. */
export function readAdmin(): AdminSource {
  return resolveAdmin(config)
}

function makeRuntime(): Runtime {
  const env = readEnv(process.env, 'web')
  const log = pino({ name: 'kontor', level: process.env.LOG_LEVEL ?? 'info' })
  const db = connect(env.databaseUrl, { applicationName: 'kontor web', plansEach: true, connectTimeout: 3 })
  const admin = readAdmin()
  const feed = createFeed({ sql: db.sql, listenUrl: env.listenUrl, log })
  const clock = { now: () => new Date() }
  return {
    admin,
    db,
    feed,
    hub: createHub({ feed, findViewers: liveViewers({ source: admin, db, clock }), sql: db.sql, log }),
    watchers: createWatchers({ feed, sql: db.sql, watchers: admin.watchers, codec: columnCodec, log }),
    env,
    ownToken: randomUUID(),
    clock,
    log,
  }
}
