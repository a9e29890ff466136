import type postgres from 'postgres'

const CARTS = 7

/** What a few people have in their carts just now: the first of them walks away in some minutes. */
export async function seedCarts(tx: postgres.TransactionSql): Promise<string> {
  await tx`
    insert into shop.carts (id, code, customer_id, channel, note, touched_at, lives_until, expires_at)
    select md5('cart' || n)::uuid, 'C-' || upper(substr(md5('code' || n), 1, 4)), c.id,
      case when n % 4 = 0 then 'phone' else 'web' end::shop.order_channel,
      case n when 2 then 'For a birthday: please a candle with it.' end,
      expires_at - interval '30 minutes', expires_at - interval '35 minutes' + interval '1 day', expires_at
    from generate_series(1, ${CARTS}) as n
    cross join lateral (select pg_temp.moment() + n * interval '4 minutes' + interval '90 seconds') as e (expires_at)
    left join shop.customers c on c.id = case when n % 3 > 0 then 100 * n end`
  const { count } = await tx`
    insert into shop.cart_lines (cart_id, line_no, product_id, quantity, unit_price, touched_at)
    select c.id, line, p.id, 1 + floor(3 * pg_temp.noise(c.code || 'quantity', line))::int, p.price, c.touched_at
    from shop.carts c
    cross join lateral generate_series(1, 1 + floor(4 * pg_temp.noise(c.code, 1))::int) as line
    join catalogue.products p on p.id = 1 + floor(15 * pg_temp.noise(c.code || 'product', line))::int`
  await tx`
    update shop.carts c set total = l.total, touched_at = c.touched_at + interval '1 microsecond'
    from (select cart_id, sum(amount) as total from shop.cart_lines group by cart_id) l where l.cart_id = c.id`
  return `${CARTS} carts with ${count} lines`
}
