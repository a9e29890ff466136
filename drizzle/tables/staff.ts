import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  bit,
  boolean,
  char,
  check,
  cidr,
  date,
  doublePrecision,
  index,
  inet,
  integer,
  interval,
  json,
  jsonb,
  line,
  macaddr,
  macaddr8,
  numeric,
  pgSchema,
  point,
  real,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { bytea, pgType } from '../../lib/db/column-types'
import { timestamps } from './timestamps'

export const staff = pgSchema('staff')

export const contract = staff.enum('contract', ['full_time', 'part_time', 'apprentice', 'seasonal'])

export const station = staff.enum('station', ['ovens', 'pastry', 'counter', 'delivery', 'office'])

export const roles = staff.table('roles', {
  id: smallint('id').primaryKey().generatedByDefaultAsIdentity(),
  name: varchar('name', { length: 60 }).notNull().unique(),
  description: text('description'),
  payBand: pgType('pay_band', { type: 'numrange' }),
})

export const employees = staff.table(
  'employees',
  {
    id: integer('id').primaryKey().generatedAlwaysAsIdentity(),
    number: char('number', { length: 6 }).notNull().unique(),
    name: text('name').notNull(),
    email: text('email').notNull().unique(),
    phone: text('phone'),
    roleId: smallint('role_id')
      .notNull()
      .references(() => roles.id, { onDelete: 'restrict' }),
    managerId: integer('manager_id').references((): AnyPgColumn => employees.id, { onDelete: 'set null' }),
    contract: contract('contract').notNull(),
    weeklyHours: numeric('weekly_hours', { precision: 4, scale: 1 }).notNull(),
    salary: numeric('salary', { precision: 10, scale: 2 }).notNull(),
    hiredOn: date('hired_on').notNull(),
    leftOn: date('left_on'),
    birthday: date('birthday'),
    emergencyContact: jsonb('emergency_contact').$type<{ name: string; phone: string }>(),
    ...timestamps(),
  },
  (employee) => [
    index().on(employee.roleId),
    index().on(employee.managerId),
    index().on(employee.name, employee.id),
    check('employees_leave_after_hiring', sql`${employee.leftOn} >= ${employee.hiredOn}`),
    check('employees_weekly_hours_range', sql`${employee.weeklyHours} between 0 and 48`),
    check('employees_salary_not_negative', sql`${employee.salary} >= 0`),
  ],
)

/** Who works where and when; nobody can be in two shifts at once (see the migration of that name). */
export const shifts = staff.table(
  'shifts',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    employeeId: integer('employee_id')
      .notNull()
      .references(() => employees.id, { onDelete: 'cascade' }),
    station: station('station').notNull(),
    during: pgType('during', { type: 'tstzrange' }).notNull(),
    note: text('note'),
  },
  (shift) => [index().on(shift.employeeId), check('shifts_not_empty', sql`not isempty(${shift.during})`)],
)

/** Ovens, mixers and what else has a plug: one column of nearly every type that Postgres knows. */
export const equipment = staff.table(
  'equipment',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    name: varchar('name', { length: 80 }).notNull(),
    serialNumber: char('serial_number', { length: 12 }).notNull().unique(),
    station: station('station').notNull(),
    keeperId: integer('keeper_id').references(() => employees.id, { onDelete: 'set null' }),
    inUse: boolean('in_use').notNull().default(true),
    trays: smallint('trays'),
    rotations: bigint('rotations', { mode: 'bigint' }).notNull().default(sql`0`),
    value: pgType('value', { type: 'money' }),
    powerKw: real('power_kw'),
    efficiency: doublePrecision('efficiency'),
    calibration: numeric('calibration', { precision: 38, scale: 10 }),
    boughtOn: date('bought_on').notNull(),
    servicedAt: timestamp('serviced_at'),
    lastSeenAt: timestamp('last_seen_at', { withTimezone: true, precision: 3 }),
    startsAt: time('starts_at'),
    alarmAt: time('alarm_at', { withTimezone: true }),
    warranty: interval('warranty'),
    temperature: pgType('temperature', { type: 'int4range' }),
    readings: doublePrecision('readings').array(),
    zones: integer('zones').array().array(),
    settings: jsonb('settings'),
    firmware: json('firmware'),
    ip: inet('ip'),
    network: cidr('network'),
    mac: macaddr('mac'),
    radio: macaddr8('radio'),
    place: point('place'),
    axis: line('axis'),
    footprint: pgType('footprint', { type: 'polygon' }),
    switches: bit('switches', { dimensions: 8 }),
    manual: pgType('manual', { type: 'xml' }),
    key: bytea('key'),
    words: pgType('words', { type: 'tsvector' }),
    ...timestamps(),
  },
  (machine) => [index().on(machine.keeperId), index().on(machine.name, machine.id)],
)

/** What the door readers write. It has no key, so the admin can list it and nothing more. */
export const doorLog = staff.table(
  'door_log',
  {
    at: timestamp('at', { withTimezone: true }).notNull(),
    door: text('door').notNull(),
    badge: char('badge', { length: 6 }).notNull(),
    opened: boolean('opened').notNull(),
  },
  (entry) => [index().on(entry.at)],
)
