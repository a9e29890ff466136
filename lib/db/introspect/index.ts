export type { DatabaseModel, RelationModel } from './model'
export { readDatabase } from './read'
export { drizzleSource } from './source'
