import type postgres from 'postgres'
import { seedCarts } from './carts'
import { CITIES, FIRST_NAMES, LAST_NAMES, STREETS } from './people'

const CUSTOMERS = 20_000
const ORDERS = 50_000

/** How much of an average day's trade a weekday has, Monday first. */
const WEEKDAYS = [0.8, 0.75, 0.85, 0.95, 1.15, 1.6, 0.6]

/** Customers with addresses, coupons, two years of orders that end now, and today's carts. */
export async function seedShop(tx: postgres.TransactionSql): Promise<string> {
  await seedCustomers(tx)
  await seedCoupons(tx)
  await drawOrders(tx)
  const lines = await drawLines(tx)
  await tx`analyze drawn_orders, drawn_lines`
  await writeOrders(tx)
  return `${CUSTOMERS} customers, ${ORDERS} orders, ${lines} order lines, ${await seedCarts(tx)}`
}

async function seedCustomers(tx: postgres.TransactionSql): Promise<void> {
  await tx`
    insert into shop.customers (first_name, last_name, email, phone, birthday, language, newsletter, points, favourites,
      preferences, notes, created_at, updated_at)
    select first, last,
      lower(translate(replace(first || '.' || last, 'ß', 'ss'), 'äáãåÄçÇéèêëÉíîıIñóöôøÖşßúüÜ ', 'aaaaacceeeeeiiiinooooossuuu')) ||
        case when twin > 1 then twin::text else '' end || '@' ||
        pg_temp.pick(array['mail.example', 'post.example', 'inbox.example'], pg_temp.noise('host', n)),
      case when pg_temp.noise('phone', n) < 0.7 then '+49 15' || floor(1e9 * (1 + 8 * pg_temp.noise('number', n))) end,
      case when pg_temp.noise('has birthday', n) < 0.5
        then date '1945-01-01' + floor(22000 * pg_temp.noise('birthday', n))::int end,
      pg_temp.pick(array['de', 'de', 'de', 'en', 'fr', 'es'], pg_temp.noise('language', n)),
      pg_temp.noise('newsletter', n) < 0.35, floor(600 * pg_temp.noise('points', n) ^ 3),
      case when pg_temp.noise('favourite', n) < 0.25
        then array[pg_temp.pick(array['Bread', 'Viennoiserie', 'Cakes', 'Coffee'], pg_temp.noise('favourite 1', n))]
        else '{}' end,
      case when pg_temp.noise('preference', n) < 0.3
        then jsonb_build_object('bag', pg_temp.noise('bag', n) < 0.4, 'sliced', pg_temp.noise('sliced', n) < 0.5)
        else '{}' end,
      case when pg_temp.noise('note', n) < 0.03 then pg_temp.pick(array['Allergic to nuts.', 'Pays by invoice.',
        'Rings twice.', 'Always the second loaf from the left.'], pg_temp.noise('which note', n)) end,
      at, pg_temp.clock(least(pg_temp.moment(), at + (pg_temp.moment() - at) * pg_temp.noise('customer updated', n)))
    from (
      select n, first, last, row_number() over (partition by first, last order by n) as twin
      from generate_series(1, ${CUSTOMERS}) as n
      cross join lateral (select pg_temp.pick(${FIRST_NAMES}::text[], pg_temp.noise('first', n)),
        pg_temp.pick(${LAST_NAMES}::text[], pg_temp.noise('last', n))) as t (first, last)
    ) as person
    cross join lateral (select pg_temp.today() - interval '1100 days' * (1 - n / ${CUSTOMERS}::float8)) as t (at)
    order by n`
  await tx`
    insert into shop.addresses (customer_id, label, street, postcode, city, is_default)
    select c.id, label, pg_temp.pick(${STREETS}::text[], pg_temp.noise(label || 'street', c.id)) || ' ' ||
        (1 + floor(90 * pg_temp.noise(label || 'house', c.id))),
      (88000 + floor(400 * pg_temp.noise('postcode', c.id)))::text,
      pg_temp.pick(${CITIES}::text[], pg_temp.noise('city', c.id)), label = 'home'
    from shop.customers c
    cross join (values ('home', 0.7), ('work', 0.15), ('Grandma, 2nd floor', 0.01)) as a (label, share)
    where pg_temp.noise(label, c.id) < share`
}

async function seedCoupons(tx: postgres.TransactionSql): Promise<void> {
  await tx`
    insert into shop.coupons (code, description, percent, valid, minimum, uses_left, created_at, updated_at)
    select code, description, percent, daterange(day + starts, day + ends), minimum, uses, at, at
    from (values
      ('SUMMER,10', '10 % on everything in summer', 10, -200, -110, 0, null),
      ('WELCOME', 'For the first order', 15, -900, null, 10, null),
      ('BREAD & BUTTER', '5 % on Tuesdays', 5, -400, 60, 0, null),
      ('50/50', 'Half price for the last hour', 50, -30, 30, 0, 120),
      ('STAFF', 'For everybody who works here', 30, null, null, 0, null),
      ('Frühstück', 'Breakfast for four', 12.5, -60, 90, 25, 400)
    ) as c (code, description, percent, starts, ends, minimum, uses)
    cross join lateral (select pg_temp.today()::date, pg_temp.today() - interval '2 years') as t (day, at)`
}

/** Days have their weekday's and season's share, hours the counter's: mornings first. Newest order, highest number. */
async function drawOrders(tx: postgres.TransactionSql): Promise<void> {
  await tx`
    create temp table drawn_orders on commit drop as
    with slots as (
      select day, k, pg_temp.clock(day + minutes * interval '1 minute') as at, d
      from generate_series(pg_temp.today() - interval '750 days', pg_temp.today(), interval '1 day') as day
      cross join lateral (select day::date - date '2000-01-01') as t (d)
      cross join lateral generate_series(1, (
        132 * (array[${tx.unsafe(WEEKDAYS.join(', '))}])[extract(isodow from day)::int]
        * (1 - 0.5 * extract(day from pg_temp.today() - day) / 750)
        * case when extract(month from day) = 12 then 1.25 else 1 end
        * (0.9 + 0.2 * pg_temp.noise('day', d)))::int) as k
      cross join lateral (select pg_temp.noise('hour', d * 1000 + k), pg_temp.noise('minute', d * 1000 + k)) as c (hour, minute)
      cross join lateral (select case when hour < 0.55 then 390 + 210 * minute when hour < 0.8 then 690 + 150 * minute
        else 900 + 210 * minute end) as m (minutes)
    ),
    latest as (select * from slots where at <= pg_temp.moment() order by at desc, d, k limit ${tx.unsafe(String(ORDERS))}),
    drawn as (
      select row_number() over (order by at, d, k) as n, at, seed, pg_temp.moment() - at as age,
        pg_temp.noise('state', seed) as chance,
        1 + floor((${tx.unsafe(String(CUSTOMERS))} * (1 - extract(epoch from pg_temp.today() - at) / (1100 * 86400.0)) - 200)
          * pg_temp.noise('customer', seed) ^ 1.4)::bigint as customer,
        pg_temp.pick(array['counter', 'counter', 'counter', 'counter', 'web', 'web', 'phone'],
          pg_temp.noise('channel', seed)) as channel,
        case when pg_temp.noise('coupon', seed) < 0.04 then pg_temp.pick(
          array['SUMMER,10', 'WELCOME', 'WELCOME', 'BREAD & BUTTER', 'STAFF'], pg_temp.noise('which coupon', seed)) end as coupon
      from latest cross join lateral (select d * 1000 + k) as s (seed)
    ),
    dated as (
      select *, case when channel <> 'counter' then
        date_trunc('hour', at) + interval '2 hours' + floor(4 * pg_temp.noise('wanted', seed)) * interval '1 day' end as wanted
      from drawn
    )
    select *, case
      when chance > 0.975 then 'cancelled'
      when age < interval '36 hours' and chance < 0.06 then 'unpaid'
      when wanted > pg_temp.moment() then case when chance < 0.7 then 'paid' else 'baking' end
      when age < interval '3 hours' and channel <> 'counter' then case when chance < 0.6 then 'ready' else 'baking' end
      when age < interval '60 hours' and chance between 0.1 and 0.12 then 'late'
      when chance < 0.004 then 'unpaid'
      else 'delivered' end as status
    from dated`
}

/** Three lines an order in the mean; few products sell much, dear ones seldom. */
async function drawLines(tx: postgres.TransactionSql): Promise<number> {
  const { count } = await tx`
    create temp table drawn_lines on commit drop as
    with ranked as (
      select array_agg(id order by place) as ids, array_agg(price order by place) as prices
      from catalogue.products
      join (select id, percent_rank() over (order by price) as dear from catalogue.products) as d using (id)
      cross join lateral (select case when id <= 15 then id - 16 else 2 * dear + pg_temp.noise('rank', id) end) as r (place)
      where status <> 'draft' or id <= 15
    )
    select n, line, ids[place] as product, 1 + floor(3.4 * pg_temp.noise('quantity', s) ^ 2.5)::int as quantity,
      case when at < pg_temp.today() - interval '1 year' then round(prices[place] * 0.95, 1) else prices[place] end as price,
      case when pg_temp.noise('line note', s) < 0.01 then 'sliced' end as note
    from drawn_orders
    cross join ranked
    cross join lateral generate_series(1, 1 + floor(5.6 * pg_temp.noise('lines', seed) ^ 1.3)::int) as line
    cross join lateral (select seed * 10 + line) as t (s)
    cross join lateral (select 1 + floor(cardinality(ids) * pg_temp.noise('product', s) ^ 3)::int) as p (place)`
  return count
}

async function writeOrders(tx: postgres.TransactionSql): Promise<void> {
  await tx`
    insert into shop.orders (customer_id, deliver_to, status, channel, total, coupon_code, placed_at, wanted_at, paid_at,
      is_gift, note, updated_at)
    select customer, case when channel = 'web' and a.label is not null and pg_temp.noise('deliver', seed) < 0.6 then 'home' end,
      status::shop.order_status, channel::shop.order_channel, round(l.amount * (1 - coalesce(c.percent, 0) / 100), 2), coupon,
      at, wanted, case when status not in ('unpaid', 'cancelled') then pg_temp.clock(least(at + interval '3 minutes', pg_temp.moment())) end,
      pg_temp.noise('gift', seed) < 0.02,
      case when pg_temp.noise('note', seed) < 0.04 then pg_temp.pick(array['Please slice it.', 'Well baked!', 'No nuts.',
        'Ring at the back door.', 'With a candle.'], pg_temp.noise('order note', seed)) end,
      pg_temp.clock(least(pg_temp.moment(), greatest(at + interval '10 minutes', wanted)))
    from drawn_orders o
    join (select n, sum(quantity * price) as amount from drawn_lines group by n) l using (n)
    left join shop.coupons c on c.code = coupon
    left join shop.addresses a on a.customer_id = customer and a.label = 'home'
    order by n`
  await tx`
    insert into shop.order_lines (order_id, line_no, product_id, quantity, unit_price, note)
    select n, line, product, quantity, price, note from drawn_lines order by n, line`
  await tx`
    update catalogue.products p set sold = units, views = units * (4 + floor(6 * pg_temp.noise('views', p.id)))
      + floor(400 * pg_temp.noise('more views', p.id))
    from (select product, sum(quantity) as units from drawn_lines group by product) l where l.product = p.id`
}
