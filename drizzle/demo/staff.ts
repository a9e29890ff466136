import type postgres from 'postgres'
import { STAFF } from './people'
import { slugify } from './slug'

const ROLES = [
  ['Owner', 'Answers for all of it', 5200, null],
  ['Head baker', 'The ovens and everything that goes in', 3900, 4800],
  ['Pâtissier', 'Small, exact things', 2900, 3900],
  ['Baker', 'Doughs, shaping, the night shift', 2600, 3500],
  ['Shop manager', 'The counter and who stands behind it', 2900, 3700],
  ['Sales assistant', 'Bread over the counter, a word with it', 2100, 2700],
  ['Driver', 'Cafés and hotels before seven', 2200, 2800],
  ['Bookkeeper', 'Invoices, wages, taxes', 2800, 3800],
  ['Apprentice', 'Three years, every station', 1020, 1380],
] as const

/** [name, station, trays, kW, lowest °C, highest °C] */
const MACHINES = [
  ['Deck oven “Big Bertha”', 'ovens', 12, 48, 180, 280],
  ['Deck oven “Small Bertha”', 'ovens', 6, 24, 180, 280],
  ['Rack oven', 'ovens', 18, 62, 160, 260],
  ['Stone oven', 'ovens', 4, 30, 220, 350],
  ['Convection oven', 'pastry', 8, 16, 80, 230],
  ['Spiral mixer 80 l', 'ovens', 0, 5.5, 4, 40],
  ['Spiral mixer 40 l', 'ovens', 0, 3, 4, 40],
  ['Planetary mixer', 'pastry', 0, 2.2, 4, 60],
  ['Dough sheeter', 'pastry', 0, 1.1, 4, 30],
  ['Proving cabinet', 'ovens', 20, 2.4, 24, 38],
  ['Retarder', 'ovens', 30, 3.6, -4, 8],
  ['Blast chiller', 'pastry', 10, 4.2, -40, 3],
  ['Chocolate tempering machine', 'pastry', 0, 1.4, 26, 50],
  ['Bread slicer', 'counter', 0, 0.6, 5, 40],
  ['Espresso machine', 'counter', 0, 4.4, 85, 128],
  ['Display fridge', 'counter', 5, 1.2, 2, 8],
  ['Van “Brötchen 1”', 'delivery', 40, 96, -20, 45],
  ['Flour silo scale', 'ovens', 0, 0.3, -10, 45],
] as const

/** 42 people under one owner, ten weeks of shifts, 18 machines, the door readers' log. */
export async function seedStaff(tx: postgres.TransactionSql): Promise<string> {
  await tx`
    insert into staff.roles (name, description, pay_band)
    select name, description, numrange(low, high, '[]') from json_to_recordset(${JSON.stringify(
      ROLES.map(([name, description, low, high], n) => ({ n, name, description, low, high })),
    )}::text::json) as r (n int, name text, description text, low numeric, high numeric) order by n`

  const people = STAFF.map((name, n) => ({ n: n + 1, name, email: `${slugify(name)}@cornerbakery.example` }))
  await tx`
    insert into staff.employees (number, name, email, phone, role_id, manager_id, contract, weekly_hours, salary, hired_on,
      left_on, birthday, emergency_contact, created_at, updated_at)
    select 'E-' || lpad(n::text, 4, '0'), p.name, p.email, '+49 160 ' || floor(1e6 * (1 + 8 * pg_temp.noise('staff phone', n))),
      r.id, case when n = 1 then null when n <= 5 then 1 else 2 + (n % 4) end, contract::staff.contract,
      case contract when 'part_time' then 20 when 'seasonal' then 32.5 else 38.5 end,
      round((lower(r.pay_band) + coalesce(upper(r.pay_band) - lower(r.pay_band), 0) * pg_temp.noise('pay', n)::numeric)
        * case contract when 'part_time' then 0.52 else 1 end, 2),
      hired, case when n in (33, 38) then pg_temp.today()::date - n end,
      date '1960-03-01' + floor(16000 * pg_temp.noise('staff birthday', n))::int,
      case when pg_temp.noise('contact', n) < 0.8
        then jsonb_build_object('name', split_part(p.name, ' ', 2) || ' family', 'phone', '+49 8382 ' || 40000 + n) end,
      hired, pg_temp.clock(pg_temp.today() - interval '90 days' * pg_temp.noise('staff updated', n))
    from json_to_recordset(${JSON.stringify(people)}::text::json) as p (n int, name text, email text)
    cross join lateral (select (array[1, 2, 3, 5, 8, 4, 4, 6, 6, 9, 3, 4, 6, 7, 4, 6, 9, 4])[1 + (n - 1) % 18]) as t (place)
    cross join lateral (select case when n > 5 and place in (1, 2, 5, 8) then 6 else place end) as u (role)
    join staff.roles r on r.id = role
    cross join lateral (select case when role = 9 then 'apprentice' when n > 5 and pg_temp.noise('contract', n) < 0.3
      then 'part_time' when n > 36 then 'seasonal' else 'full_time' end,
      pg_temp.today()::date - 60 - floor((0.6 + 0.4 * pg_temp.noise('hired', n)) *
        case when role = 9 then 900 else (45 - n) * 110 end)::int) as v (contract, hired)
    order by n`

  await tx`
    insert into staff.shifts (employee_id, station, during, note)
    select e.id, station::staff.station, tstzrange(starts, starts + interval '8 hours'),
      case when pg_temp.noise('shift note', seed) < 0.02 then 'Swapped' end
    from staff.employees e
    join staff.roles r on r.id = e.role_id
    cross join generate_series(pg_temp.today() - interval '56 days', pg_temp.today() + interval '14 days', interval '1 day') as day
    cross join lateral (select e.id * 100000 + (day::date - date '2020-01-01')) as s (seed)
    cross join lateral (select case r.name when 'Head baker' then 'ovens' when 'Baker' then 'ovens' when 'Pâtissier' then 'pastry'
      when 'Driver' then 'delivery' when 'Owner' then 'office' when 'Bookkeeper' then 'office'
      when 'Apprentice' then pg_temp.pick(array['ovens', 'pastry', 'counter'], pg_temp.noise('rotation', seed))
      else 'counter' end) as t (station)
    cross join lateral (select day + case station when 'ovens' then interval '3 hours' when 'delivery' then interval '4 hours'
      when 'pastry' then interval '5 hours' when 'office' then interval '8 hours'
      else pg_temp.pick(array['6', '11'], pg_temp.noise('late', seed))::int * interval '1 hour' end) as u (starts)
    where extract(isodow from day) <> 7 and pg_temp.noise('works', seed) < case e.contract when 'part_time' then 0.5 else 0.82 end
      and day >= e.hired_on and (e.left_on is null or day < e.left_on)
    order by day, e.id`

  const machines = MACHINES.map(([name, station, trays, power, low, high], n) => ({
    n,
    name,
    station,
    trays,
    power,
    low,
    high,
  }))
  await tx`
    insert into staff.equipment (id, name, serial_number, station, keeper_id, in_use, trays, rotations, value, power_kw,
      efficiency, calibration, bought_on, serviced_at, last_seen_at, starts_at, alarm_at, warranty, temperature, readings,
      zones, settings, firmware, ip, network, mac, radio, place, axis, footprint, switches, manual, key, words, created_at,
      updated_at)
    select md5('machine' || n)::uuid, name, upper(substr(md5(name), 1, 12)), station::staff.station, 2 + n % 12, n <> 6, trays,
      9007199254740993 + n * 1000003, (power * 1000 + 490)::numeric::money, power, 0.55 + 0.4 * pg_temp.noise('efficiency', n),
      1.0000000001 + n::numeric / 7, (day - interval '9 years' * pg_temp.noise('bought', n))::date,
      date_trunc('minute', (day - interval '300 days' * pg_temp.noise('serviced', n))::timestamp),
      pg_temp.moment() - interval '20 minutes' * pg_temp.noise('seen', n), time '03:00' + n * interval '10 minutes',
      timetz '02:45:00+01', interval '1 year' * (1 + n % 5) + interval '6 months', int4range(low::int, high::int, '[]'),
      array(select round((low + (high - low) * pg_temp.noise('reading' || k, n))::numeric, 1) from generate_series(1, 6) as k),
      array[array[n, n + 1], array[n + 2, n + 3]],
      jsonb_build_object('program', 'P' || n % 4, 'steam', n % 2 = 0, 'steps', jsonb_build_array(low, (low + high) / 2, high)),
      json_build_object('version', '2.' || n, 'build', 20240000 + n), ('10.20.0.' || 10 + n)::inet, '10.20.0.0/24'::cidr,
      ('00:1b:44:11:3a:' || lpad(to_hex(n), 2, '0'))::macaddr, ('00:1b:44:ff:fe:11:3a:' || lpad(to_hex(n), 2, '0'))::macaddr8,
      point(n % 6 * 2.5, n / 6 * 3), line(point(0, n), point(1, n + 1)),
      polygon(box(point(n % 6 * 2.5, n / 6 * 3), point(n % 6 * 2.5 + 2, n / 6 * 3 + 1.4))), n::bit(8),
      ('<manual><title>' || name || '</title><page n="1">Keep dry.</page></manual>')::xml,
      decode(md5('key' || n), 'hex'), to_tsvector('simple', name), day - interval '2 years', day - n * interval '4 days'
    from json_to_recordset(${JSON.stringify(machines)}::text::json)
      as m (n int, name text, station text, trays smallint, power float8, low float8, high float8)
    cross join lateral (select pg_temp.today()) as t (day)
    order by n`

  await tx`
    insert into staff.door_log (at, door, badge, opened)
    select pg_temp.clock(lower(s.during) - interval '12 minutes' * pg_temp.noise('early', s.id)),
      case s.station when 'counter' then 'Front' when 'delivery' then 'Yard' else 'Back' end, e.number,
      pg_temp.noise('opened', s.id) < 0.98
    from staff.shifts s join staff.employees e on e.id = s.employee_id
    where upper(s.during) < pg_temp.moment()`
  return `${STAFF.length} people, ${MACHINES.length} machines`
}
