import { timestamp } from 'drizzle-orm/pg-core'

/** When a row came and when it last changed; admin.config.ts keeps `updatedAt` current. */
export const timestamps = () => ({
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
})
