import postgres from 'postgres'
import { migrateSystem } from '@/lib/db/migrate'

export const TEMPLATE = 'kontor_template'

/** Creates the two roles and the template database with Kontor's own schema in it. */
export async function prepareTemplate(adminUrl: string): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} })
  try {
    await createTemplate(admin, adminUrl)
  } finally {
    await admin.end()
  }
}

async function createTemplate(admin: postgres.Sql, adminUrl: string): Promise<void> {
  for (const role of ['kontor_owner', 'kontor_app']) {
    await admin.unsafe(
      `do $$ begin create role ${role} login password 'test'; exception when duplicate_object then null; end $$`,
    )
  }
  await admin.unsafe(`drop database if exists ${TEMPLATE} with (force)`)
  await admin.unsafe(`create database ${TEMPLATE} owner kontor_owner`)
  const owner = postgres(databaseUrl(adminUrl, TEMPLATE, 'kontor_owner'), { max: 1, onnotice: () => {} })
  try {
    await migrateSystem(owner, 'kontor_app')
  } finally {
    await owner.end()
  }
}

/** The same server's address for another database, and for another of the test roles. */
export function databaseUrl(adminUrl: string, database: string, role?: 'kontor_owner' | 'kontor_app'): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  if (role) {
    url.username = role
    url.password = 'test'
  }
  return url.href
}
