import { foreignKey, integer, text, unique } from 'drizzle-orm/pg-core'
import { appendOnlyColumns, currentColumns } from '../../lib/db/storage-columns'
import { catalogue, products } from './catalogue'

const columns = () => ({
  number: text('number').notNull(),
  productId: integer('product_id').notNull(),
  /** Codes of what is in it, and of what the same oven and tables leave on it. */
  contains: text('contains').array().notNull().default([]),
  traces: text('traces').array().notNull().default([]),
  statement: text('statement'),
})

/** What the bakery has declared about a product at any time: every version, none ever changed. */
export const allergenDeclarations = catalogue.table('allergen_declarations', { ...appendOnlyColumns(), ...columns() })

/** The newest version of each declaration, kept by trigger: what is unique and what refers where stands here. */
export const currentAllergenDeclarations = catalogue.table(
  'allergen_declarations_current',
  { ...currentColumns(), ...columns() },
  (declaration) => [
    unique().on(declaration.number),
    unique().on(declaration.productId),
    foreignKey({ columns: [declaration.productId], foreignColumns: [products.id] }),
  ],
)
