import { readFile } from 'node:fs/promises'

/** A branch of the category tree, and what stands under it. */
export interface Branch {
  name: string
  description: string
  leaves: Leaf[]
}

/** A category with the words its products are named from: a product is a base, alone or with one of the kinds. */
export interface Leaf {
  name: string
  colour: string
  ingredients: string[]
  allergens: string[]
  bases: Base[]
  kinds: string[]
}

export interface Base {
  name: string
  /** Euros. */
  price: number
  weightKg: number
}

const HEADING = /^# (.*?): (.*)$/
const LEAF = /^(\S.*) (#[0-9a-f]{6})$/
const LIST = /^ {2}(of|contains|bakes|kinds) (.*)$/

/** Reads bakes.txt: fifty categories, branches first, each branch with its leaves. */
export async function readBakery(): Promise<Branch[]> {
  const text = await readFile(new URL('./bakes.txt', import.meta.url), 'utf8')
  const branches: Branch[] = []
  let leaf: Leaf | undefined
  for (const line of text.replace(/\n {4}/g, ' ').split('\n')) {
    const [, branchName, description] = HEADING.exec(line) ?? []
    const [, leafName, colour] = LEAF.exec(line) ?? []
    const [, word, items] = LIST.exec(line) ?? []
    if (branchName && description) {
      branches.push({ name: branchName, description, leaves: [] })
    } else if (leafName && colour) {
      leaf = { name: leafName, colour, ingredients: [], allergens: [], bases: [], kinds: [] }
      branches.at(-1)?.leaves.push(leaf)
    } else if (leaf && word && items) {
      const list = items.split(' | ')
      if (word === 'of') leaf.ingredients = list
      else if (word === 'contains') leaf.allergens = list.filter((code) => code !== 'nothing')
      else if (word === 'bakes') leaf.bases = list.map(parseBase)
      else leaf.kinds = list
    }
  }
  return branches
}

/** "Rye loaf 4.60/1" is a rye loaf of one kilogram at 4.60 euros. */
function parseBase(text: string): Base {
  const [, name = text, price = '0', weight = '0'] = /^(.*) ([\d.]+)\/([\d.]+)$/.exec(text) ?? []
  return { name, price: Number(price), weightKg: Number(weight) }
}

/** Products people come for, best-selling first, in the category they are known under (or none). */
export const FAMOUS: (Base & { category?: string })[] = [
  { name: 'Baguette tradition', category: 'Bread', price: 1.8, weightKg: 0.25 },
  { name: 'Country loaf, 1 kg', category: 'Bread', price: 6.2, weightKg: 1 },
  { name: 'Ciabatta', category: 'Bread', price: 2.9, weightKg: 0.3 },
  { name: 'Butter croissant', category: 'Viennoiserie', price: 1.8, weightKg: 0.07 },
  { name: 'Lemon tart', category: 'Pâtisserie', price: 4.5, weightKg: 0.12 },
  { name: 'Canelé de Bordeaux', category: 'Pâtisserie', price: 2.6, weightKg: 0.06 },
  { name: 'Éclair au café', category: 'Pâtisserie', price: 3.2, weightKg: 0.09 },
  { name: 'Almond croissant', category: 'Viennoiserie', price: 3.4, weightKg: 0.11 },
  { name: 'Kouign-amann', category: 'Viennoiserie', price: 3.8, weightKg: 0.1 },
  { name: 'Brioche à tête', category: 'Viennoiserie', price: 2.1, weightKg: 0.07 },
  { name: 'Pain au chocolat', category: 'Viennoiserie', price: 2.3, weightKg: 0.08 },
  { name: 'Fougasse with green olives', category: 'Bread', price: 4.1, weightKg: 0.3 },
  { name: 'Financier', price: 1.9, weightKg: 0.04 },
  { name: 'Black Forest cake, 8 portions', category: 'Cakes', price: 32, weightKg: 1.4 },
  { name: 'Almond croissant, vegan', category: 'Viennoiserie', price: 3.6, weightKg: 0.11 },
]

/** The fourteen that European law wants declared: code, name, description. */
export const ALLERGENS = [
  ['gluten', 'Gluten', 'Wheat, rye, barley, oats, spelt and their hybrids'],
  ['crustaceans', 'Crustaceans', 'Crab, lobster, prawns'],
  ['eggs', 'Eggs', 'Of any bird'],
  ['fish', 'Fish', 'Also as gelatine'],
  ['peanuts', 'Peanuts', 'Also as oil'],
  ['soy', 'Soy', 'Also as lecithin'],
  ['milk', 'Milk', 'With lactose'],
  ['nuts', 'Nuts', 'Almonds, hazelnuts, walnuts, cashews, pecans, pistachios, macadamias'],
  ['celery', 'Celery', 'Stalks, leaves, seeds and root'],
  ['mustard', 'Mustard', 'Seeds, powder and paste'],
  ['sesame', 'Sesame', 'Also as tahini and oil'],
  ['sulphites', 'Sulphites', 'More than 10 mg a kilogram; dried fruit'],
  ['lupin', 'Lupin', 'Flour and seeds'],
  ['molluscs', 'Molluscs', 'Mussels, oysters, snails'],
] as const

/** Name and town. */
export const SUPPLIERS = [
  ['Mühle Sonnenfeld', 'Ravensburg'],
  ['Käserei Alpenblick', 'Oberstaufen'],
  ['Bodensee Obst', 'Meersburg'],
  ['Nusshof Brenner', 'Überlingen'],
  ['Imkerei Lindgren', 'Wangen'],
  ['Rösterei Nordlicht', 'Konstanz'],
  ['Beurre d’Isigny', 'Isigny-sur-Mer'],
  ['Saline Bad Reichenhall', 'Bad Reichenhall'],
  ['Chocolats Villard', 'Villars-sur-Glâne'],
  ['Agrumes du Sud', 'Menton'],
  ['Frantoio Galli', 'Imperia'],
  ['Eierhof Rädler', 'Lindau'],
  ['Gewürzkontor Haase', 'Hamburg'],
  ['Teehaus Marin', 'Bremen'],
  ['Hefewerk Süd', 'Ulm'],
  ['Verpackung Lenz', 'Kempten'],
  ['Marzipan Petersen', 'Lübeck'],
  ['Kelterei Hofmann', 'Friedrichshafen'],
] as const
