import type { Base, Branch, Leaf } from './bakes'
import { FAMOUS } from './bakes'
import { slugify } from './slug'

/** Kinds that nearly everything comes in, tried once a leaf's own are used up. */
const GENERAL_KINDS = ['organic', 'family pack', 'yesterday’s, half price', 'order ahead']

export interface ProductSeed {
  name: string
  slug: string
  sku: string
  /** Slug of its category, or null. */
  category: string | null
  price: string
  weight_kg: number
  colour: string
  ingredients: string[]
  allergens: string[]
  /** Offered for some weeks of the year. */
  seasonal: boolean
  description: string
  body: string
}

/** Exactly `count` products with distinct names: the famous ones first, then every base, then its kinds in turn. */
export function nameProducts(bakery: Branch[], count: number): ProductSeed[] {
  const products = new Map<string, ProductSeed>()
  const add = (product: ProductSeed) => {
    if (products.size < count && !products.has(product.slug)) {
      products.set(product.slug, { ...product, sku: `${product.sku}-${String(products.size + 1).padStart(4, '0')}` })
    }
  }
  for (const famous of FAMOUS) {
    const branch = bakery.find(({ name }) => name === famous.category) ?? bakery[2]
    const leaf = branch?.leaves[0]
    if (branch && leaf) add(compose(branch, leaf, famous, undefined, famous.category ?? null))
  }
  const rounds = Math.max(...bakery.flatMap(({ leaves }) => leaves.map(({ kinds }) => kinds.length))) + 1
  for (let round = 0; round < rounds + GENERAL_KINDS.length; round++) {
    for (const branch of bakery) {
      for (const leaf of branch.leaves) {
        for (const base of leaf.bases) {
          const kinds = [undefined, ...leaf.kinds, ...GENERAL_KINDS]
          if (round < kinds.length) add(compose(branch, leaf, base, kinds[round], leaf.name))
        }
      }
    }
  }
  return [...products.values()]
}

function compose(
  branch: Branch,
  leaf: Leaf,
  base: Base,
  kind: string | undefined,
  category: string | null,
): ProductSeed {
  const joiner = kind?.startsWith('with ') ? ' ' : ', '
  const name = kind ? `${base.name}${joiner}${kind}` : base.name
  const extra = kind?.startsWith('with ') ? kind.slice(5) : undefined
  const ingredients = extra ? [...leaf.ingredients, extra] : leaf.ingredients
  return {
    name,
    slug: slugify(name),
    sku: slugify(leaf.name).slice(0, 3).toUpperCase(),
    category: category && slugify(category),
    price: (base.price * priceFactor(kind)).toFixed(2),
    weight_kg: base.weightKg,
    colour: leaf.colour,
    ingredients,
    allergens: leaf.allergens.filter((code) => kind !== 'vegan' || code === 'gluten' || code === 'nuts'),
    seasonal: branch.name === 'Seasonal',
    description: `${name} from our ${branch.name.toLowerCase()} counter, made with ${ingredients.slice(0, 3).join(', ')}.`,
    body: bodyOf(name, ingredients, leaf.allergens),
  }
}

function priceFactor(kind: string | undefined): number {
  if (!kind) return 1
  if (kind.includes('half')) return 0.5
  if (kind === 'family pack' || kind === '12 portions') return 1.5
  if (kind.includes('large') || kind === 'bottle') return 1.3
  if (kind === 'slice' || kind === 'small') return 0.6
  return 1.15
}

function bodyOf(name: string, ingredients: string[], allergens: string[]): string {
  const contains = allergens.length
    ? `Contains <strong>${allergens.join(', ')}</strong>.`
    : 'Without declarable allergens.'
  return `<p>${name}, shaped by hand and baked on stone. ${contains}</p><h2>What is in it</h2><ul>${ingredients
    .map((ingredient) => `<li>${ingredient}</li>`)
    .join('')}</ul><p>Best on the day; it keeps for two in a linen bag.</p>`
}
