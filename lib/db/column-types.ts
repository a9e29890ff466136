import { customType } from 'drizzle-orm/pg-core'

/*
 * Column types Postgres has and Drizzle does not, for table declarations written by hand or by `npm run introspect`.
 * Imported by a relative path there: drizzle-kit does not know the '@' alias.
 */

/** Bytes, as a Buffer. */
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

/**
 * A column of any other type, as the text Postgres writes for it:
 * `pgType('during', { type: 'tstzrange' })`, `pgType('price', { type: 'money' })`.
 * @param config.type the type as SQL spells it, with schema and modifiers where it has them
 */
export const pgType = customType<{ data: string; driverData: string; config: { type: string }; configRequired: true }>({
  dataType: ({ type }) => type,
})
