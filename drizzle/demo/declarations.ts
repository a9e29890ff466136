import type postgres from 'postgres'

const DECLARED = 150

/** One of these is no longer declared: its last version says so, and it can be brought back. */
const WITHDRAWN = 7

/**
 * What was declared about the first products, in up to four versions over two years. Written as whole versions: their
 * triggers, which would date them all today, stand once the demo is in.
 */
export async function seedDeclarations(tx: postgres.TransactionSql): Promise<string> {
  const { count } = await tx`
    insert into catalogue.allergen_declarations (entry_id, entry_version, deleted, inserted_at, version_at, version_by,
      version_source, version_reason, number, product_id, contains, traces, statement)
    select md5('declaration' || p.id)::uuid, v, is_withdrawn, first_at, pg_temp.clock(first_at + (v - 1) * spread),
      pg_temp.pick(array['Margot Keller', 'Elif Brandt', 'Jonas Weiß'], pg_temp.noise('declared by', p.id * 10 + v)), 'form',
      case when is_withdrawn then 'Not baked any more.' when v = 1 then 'First declaration.' else
        (array['The supplier names a further ingredient.', 'Baked on a table of its own from now on.', 'Worded as the inspector asked.'])[v - 1] end,
      'AD-' || lpad(p.id::text, 4, '0'), p.id,
      case when v = 1 and versions > 1 then codes[: cardinality(codes) - 1] else codes end,
      case when v < 3 then array['nuts', 'sesame'] else array['nuts'] end,
      case when v < 4 then 'May contain traces.' else 'Baked where nuts are handled; traces cannot be ruled out.' end
    from catalogue.products p
    cross join lateral (select coalesce(array_agg(allergen_code order by allergen_code), '{}')
      from catalogue.products_allergens where product_id = p.id) as a (codes)
    cross join lateral (select case p.id when ${WITHDRAWN} then 3 else 1 + floor(4 * pg_temp.noise('versions', p.id) ^ 1.5)::int end) as n (versions)
    cross join lateral (select pg_temp.clock(pg_temp.today() - interval '700 days' + floor(250 * pg_temp.noise('declared', p.id)) * interval '1 day'
        + interval '8 hours' + pg_temp.noise('declared at', p.id) * interval '8 hours'),
      (60 + floor(60 * pg_temp.noise('spread', p.id))) * interval '1 day' + interval '17 minutes') as d (first_at, spread)
    cross join lateral generate_series(1, versions) as v
    cross join lateral (select p.id = ${WITHDRAWN} and v = versions) as w (is_withdrawn)
    where p.id <= ${DECLARED}
    order by p.id, v`
  return `${DECLARED} allergen declarations in ${count} versions`
}
