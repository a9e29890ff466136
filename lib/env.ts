import { z } from 'zod'

/** What is about to run: decides which variables may not be missing. */
export type Need = 'start' | 'web' | 'worker' | 'migrate' | 'build'

/** One thing the environment has to say, and how it would look. */
export interface EnvProblem {
  name: string
  message: string
  example: string
}

/** Thrown with every problem at once, so that one look at the log is enough to mend them all. */
export class EnvError extends Error {
  override readonly name = 'EnvError'

  constructor(readonly problems: readonly EnvProblem[]) {
    const lines = problems.map(({ name, message, example }) => `  ${name} ${message}. Example: ${name}=${example}`)
    super(`The environment is not complete:\n${lines.join('\n')}`)
  }
}

const EXAMPLES = {
  DATABASE_URL: 'postgres://kontor_app:secret@db.example.org:5432/shop',
  DATABASE_OWNER_URL: 'postgres://kontor_owner:secret@db.example.org:5432/shop',
  DATABASE_LISTEN_URL: 'postgres://kontor_app:secret@db.example.org:5432/shop',
  REDIS_URL: 'redis://cache.example.org:6379',
  PORT: '3000',
  KONTOR_HOST: '127.0.0.1',
  KONTOR_WORKER_PORT: '9464',
  KONTOR_LEASE_SECONDS: '15',
  KONTOR_METRICS_TOKEN: '"$(openssl rand -base64 32)"',
  NEXTAUTH_URL: 'https://admin.example.org',
  NEXTAUTH_SECRET: '"$(openssl rand -base64 32)"',
  KONTOR_ADMIN_EMAIL: 'you@example.org',
  KONTOR_ADMIN_PASSWORD: 'a-long-passphrase',
  KONTOR_DATA_DIR: '.kontor',
  KONTOR_EFFECTS_SECRET: '"$(openssl rand -base64 32)"',
  KONTOR_ENVIRONMENT: 'staging',
  KONTOR_TRUSTED_PROXIES: '1',
} as const

type Name = keyof typeof EXAMPLES

const address = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined
      return url !== undefined && protocols.includes(url.protocol) && url.hostname !== ''
    },
    { error: `is not an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}` },
  )

const secret = z.string().min(16, { error: 'is shorter than 16 characters' })

const portNumber = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'is not a port number' })
  .transform(Number)
  .refine((port) => port >= 1 && port <= 65_535, { error: 'is not between 1 and 65535' })

const SCHEMAS = {
  DATABASE_URL: address('postgres:', 'postgresql:').optional(),
  DATABASE_OWNER_URL: address('postgres:', 'postgresql:').optional(),
  DATABASE_LISTEN_URL: address('postgres:', 'postgresql:').optional(),
  REDIS_URL: address('redis:', 'rediss:').optional(),
  PORT: portNumber.optional(),
  KONTOR_WORKER_PORT: portNumber.optional(),
  KONTOR_LEASE_SECONDS: z
    .string()
    .regex(/^\d{1,4}$/, { error: 'is not a number of seconds' })
    .transform(Number)
    .refine((seconds) => seconds >= 15 && seconds <= 600, { error: 'is not between 15 and 600' })
    .prefault('30'),
  KONTOR_METRICS_TOKEN: secret.optional(),
  KONTOR_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, { error: 'is neither a host name nor an IP address' })
    .default('127.0.0.1'),
  NEXTAUTH_URL: address('http:', 'https:').optional(),
  NEXTAUTH_SECRET: secret.optional(),
  KONTOR_ADMIN_EMAIL: z.email({ error: 'is not an e-mail address' }).optional(),
  KONTOR_ADMIN_PASSWORD: z.string().min(10, { error: 'is shorter than 10 characters' }).optional(),
  KONTOR_DATA_DIR: z.string().default('.kontor'),
  KONTOR_EFFECTS_SECRET: secret.optional(),
  KONTOR_ENVIRONMENT: z.string().max(40, { error: 'is longer than 40 characters' }).optional(),
  KONTOR_TRUSTED_PROXIES: z
    .string()
    .regex(/^\d$/, { error: 'is not a number from 0 to 9' })
    .transform(Number)
    .prefault('0'),
} satisfies Record<Name, z.ZodType>

const REQUIRED = {
  start: [],
  build: [],
  migrate: ['DATABASE_URL'],
  web: ['DATABASE_URL', 'NEXTAUTH_SECRET'],
  worker: ['DATABASE_URL', 'NEXTAUTH_SECRET'],
} as const satisfies Record<Need, readonly Name[]>

/** The environment as the rest of the code sees it. */
export interface Env {
  /** The application's own role. `npm start` without it starts an embedded PostgreSQL. */
  databaseUrl: string | undefined
  /** The role that owns schema `kontor`: migrations, retention, erasure. */
  ownerUrl: string | undefined
  /** For LISTEN, past a pooler. The application's address where none was given. */
  listenUrl: string | undefined
  /** Moves the queues to Redis or Valkey. */
  redisUrl: string | undefined
  /** Undefined where none was asked for: 3000, or the next free one. */
  port: number | undefined
  host: string
  /** Where a worker answers /health and /metrics; undefined: nowhere. */
  workerPort: number | undefined
  /** How long a worker holds what it works on without renewing it: when it vanishes, another goes on after that. */
  leaseMs: number
  /** Lets Prometheus read /api/metrics without a session. */
  metricsToken: string | undefined
  /** The address people open, e.g. https://admin.example.org. */
  siteUrl: string | undefined
  secret: string | undefined
  /** The first administrator, made when nobody can sign in yet. */
  adminEmail: string | undefined
  adminPassword: string | undefined
  dataDir: string
  /** Shared with programs that call /api/effects. */
  effectsSecret: string | undefined
  /** A label the shell shows, such as 'staging'. */
  environment: string | undefined
  /** How many proxies of ours stand in front, each appending to X-Forwarded-For; 0 believes none of it. */
  trustedProxies: number
}

type Filled<K extends keyof Env> = Omit<Env, K> & { [P in K]-?: NonNullable<Env[P]> }

/** `Env` with what `need` cannot do without filled in. */
export type EnvFor<N extends Need> = N extends 'web' | 'worker'
  ? Filled<'databaseUrl' | 'listenUrl' | 'secret'>
  : N extends 'migrate'
    ? Filled<'databaseUrl' | 'listenUrl'>
    : Env

/**
 * Reads the environment once, at the start of a process. An empty variable counts as absent.
 * @param source usually `process.env`
 * @throws EnvError naming every missing or malformed variable, each with an example; values are never repeated, since
 *   they may be secrets
 */
export function readEnv<N extends Need>(source: Record<string, string | undefined>, need: N): EnvFor<N> {
  const problems: EnvProblem[] = []
  const required: readonly Name[] = REQUIRED[need]
  const read = <K extends Name>(name: K): z.output<(typeof SCHEMAS)[K]> => {
    const given = source[name]?.trim() || undefined
    if (given === undefined && required.includes(name)) {
      problems.push({ name, message: `is missing, ${purpose(need)} needs it`, example: EXAMPLES[name] })
    }
    const parsed = SCHEMAS[name].safeParse(given)
    if (!parsed.success) {
      problems.push({ name, message: parsed.error.issues[0]?.message ?? 'is malformed', example: EXAMPLES[name] })
    }
    return parsed.data as z.output<(typeof SCHEMAS)[K]>
  }
  const databaseUrl = read('DATABASE_URL')
  const env: Env = {
    databaseUrl,
    ownerUrl: read('DATABASE_OWNER_URL'),
    listenUrl: read('DATABASE_LISTEN_URL') ?? databaseUrl,
    redisUrl: read('REDIS_URL'),
    port: read('PORT'),
    host: read('KONTOR_HOST'),
    workerPort: read('KONTOR_WORKER_PORT'),
    leaseMs: read('KONTOR_LEASE_SECONDS') * 1000,
    metricsToken: read('KONTOR_METRICS_TOKEN'),
    siteUrl: read('NEXTAUTH_URL'),
    secret: read('NEXTAUTH_SECRET'),
    adminEmail: read('KONTOR_ADMIN_EMAIL'),
    adminPassword: read('KONTOR_ADMIN_PASSWORD'),
    dataDir: read('KONTOR_DATA_DIR'),
    effectsSecret: read('KONTOR_EFFECTS_SECRET'),
    environment: read('KONTOR_ENVIRONMENT'),
    trustedProxies: read('KONTOR_TRUSTED_PROXIES'),
  }
  problems.push(...togetherProblems(env))
  if (problems.length > 0) throw new EnvError(problems)
  return env as EnvFor<N>
}

/** Variables that only make sense together. */
function togetherProblems(env: Env): EnvProblem[] {
  const pairs = [
    ['KONTOR_ADMIN_PASSWORD', env.adminEmail && !env.adminPassword, 'KONTOR_ADMIN_EMAIL'],
    ['KONTOR_ADMIN_EMAIL', env.adminPassword && !env.adminEmail, 'KONTOR_ADMIN_PASSWORD'],
    ['DATABASE_URL', env.ownerUrl && !env.databaseUrl, 'DATABASE_OWNER_URL'],
  ] as const
  return pairs.flatMap(([name, isWrong, given]) =>
    isWrong ? [{ name, message: `is missing although ${given} is given`, example: EXAMPLES[name] }] : [],
  )
}

function purpose(need: Need): string {
  return need === 'web' || need === 'worker' ? `npm run ${need}` : `npm ${need === 'start' ? '' : 'run '}${need}`
}
