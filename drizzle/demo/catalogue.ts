import type postgres from 'postgres'
import { ALLERGENS, readBakery, SUPPLIERS } from './bakes'
import { seedDeclarations } from './declarations'
import { drawSwatch } from './picture'
import { nameProducts } from './products'
import { slugify } from './slug'

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** 50 categories in a tree, 14 allergens, 18 suppliers, 2,000 products, 150 allergen declarations. */
export async function seedCatalogue(tx: postgres.TransactionSql): Promise<string> {
  const bakery = await readBakery()
  const branches = bakery.map(({ name, description }) => ({ name, slug: slugify(name), description, parent: null }))
  const leaves = bakery.flatMap((branch) =>
    branch.leaves.map(({ name }) => ({ name, slug: slugify(name), description: null, parent: slugify(branch.name) })),
  )
  for (const level of [branches, leaves]) {
    await tx`
      insert into catalogue.categories (name, slug, description, parent_id, position, created_at, updated_at)
      select c.name, c.slug, c.description, parent.id, c.n * 10, at, at
      from json_to_recordset(${JSON.stringify(level.map((row, n) => ({ ...row, n })))}::text::json)
        as c (n int, name text, slug text, description text, parent text)
      left join catalogue.categories parent on parent.slug = c.parent
      cross join lateral (select pg_temp.today() - interval '3 years' + c.n * interval '3 hours') as t (at)
      order by c.n`
  }

  await tx`
    insert into catalogue.allergens (code, name, description)
    select * from json_to_recordset(${JSON.stringify(
      ALLERGENS.map(([code, name, description]) => ({ code, name, description })),
    )}::text::json) as a (code text, name text, description text)`

  const suppliers = SUPPLIERS.map(([name, city], n) => ({ n, name, city, host: `${slugify(name)}.example` }))
  await tx`
    insert into catalogue.suppliers
      (id, name, email, phone, website, city, delivers_on, rating, is_active, created_at, updated_at)
    select md5('supplier' || n)::uuid, name, 'orders@' || host, '+49 8382 ' || (20000 + n * 731), 'https://www.' || host, city,
      array(select day from unnest(${DAYS}::text[]) with ordinality as d (day, i) where pg_temp.noise('day' || i, n) < 0.4),
      round((3 + 2 * pg_temp.noise('rating', n))::numeric, 1), n <> 14,
      pg_temp.today() - interval '3 years', pg_temp.clock(pg_temp.today() - pg_temp.noise('supplier updated', n) * interval '200 days')
    from json_to_recordset(${JSON.stringify(suppliers)}::text::json) as s (n int, name text, city text, host text)`

  const products = nameProducts(bakery, 2000)
  const colours = [...new Set(products.map(({ colour }) => colour))]
  const pictures = colours.map((colour) => ({ colour, png: drawSwatch(colour).toString('hex') }))
  await tx`
    insert into catalogue.products (name, slug, sku, category_id, supplier_id, status, price, cost, vat, stock,
      on_sale_from, description, body, ingredients, nutrition, weight_kg, baked_for, colour, website, photo, locked,
      created_at, updated_at)
    select p.name, p.slug, p.sku, c.id, case when pg_temp.noise('supplied', n) < 0.3 then
        md5('supplier' || floor(pg_temp.noise('supplier', n) * ${SUPPLIERS.length}))::uuid end,
      status::catalogue.product_status, p.price, round(p.price * (0.24 + 0.2 * pg_temp.noise('cost', n))::numeric, 2),
      case when p.category in ('coffee', 'tea-and-chocolate', 'juices-and-lemonades') then 19.00 else 7.00 end,
      case status when 'sold_out' then 0 when 'low_stock' then 1 + floor(4 * pg_temp.noise('stock', n))
        when 'draft' then 0 else 8 + floor(120 * pg_temp.noise('stock', n)) end,
      case when p.seasonal or status = 'draft'
        then pg_temp.today() + interval '6 hours' + floor(60 * pg_temp.noise('sale', n) - 20) * interval '1 day' end,
      p.description, p.body, p.ingredients,
      jsonb_build_object('energy', 700 + floor(1400 * pg_temp.noise('energy', n)),
        'fat', round((30 * pg_temp.noise('fat', n))::numeric, 1), 'sugar', round((35 * pg_temp.noise('sugar', n))::numeric, 1),
        'protein', round((14 * pg_temp.noise('protein', n))::numeric, 1), 'salt', round((2 * pg_temp.noise('salt', n))::numeric, 2)),
      p.weight_kg, (10 + floor(50 * pg_temp.noise('baked', n))) * interval '1 minute', p.colour,
      case when n <= 15 then 'https://cornerbakery.example/' || p.slug end,
      case when n <= 15 or pg_temp.noise('photo', n) < 0.2 then decode(pic.png, 'hex') end,
      n in (1, 2),
      at, pg_temp.clock(greatest(at, pg_temp.today() - interval '500 days' * pg_temp.noise('changed', n) ^ 4))
    from json_to_recordset(${JSON.stringify(products.map((product, i) => ({ n: i + 1, ...product })))}::text::json)
      as p (n int, name text, slug text, sku text, category text, price numeric, weight_kg real, colour text,
        ingredients text[], seasonal boolean, description text, body text)
    left join catalogue.categories c on c.slug = p.category
    left join json_to_recordset(${JSON.stringify(pictures)}::text::json) as pic (colour text, png text)
      on pic.colour = p.colour
    cross join lateral (select pg_temp.noise('status', n)) as s (chance)
    cross join lateral (select case when n = 6 then 'sold_out' when n = 14 then 'low_stock' when n = 12 then 'seasonal'
      when n = 7 then 'draft' when n <= 15 then 'available' when chance > 0.94 then 'draft' when p.seasonal then 'seasonal'
      when chance < 0.05 then 'sold_out' when chance < 0.13 then 'low_stock' else 'available' end) as t (status)
    cross join lateral (select pg_temp.clock(pg_temp.today() - interval '1000 days' * (1 - n / 2100.0) + interval '9 hours')) as u (at)
    order by n`

  await tx`
    insert into catalogue.products_allergens (product_id, allergen_code)
    select p.id, code
    from json_to_recordset(${JSON.stringify(products.map(({ slug, allergens }) => ({ slug, allergens })))}::text::json)
      as s (slug text, allergens text[])
    join catalogue.products p using (slug)
    cross join unnest(s.allergens) as code`
  const declared = await seedDeclarations(tx)
  return `${branches.length + leaves.length} categories, ${products.length} products, ${declared}`
}
