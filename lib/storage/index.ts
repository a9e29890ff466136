export type { Storage, StoredRow, Texts } from './storage'
export { keyCondition, tableStorage } from './table'
