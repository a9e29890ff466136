export interface BenchRow {
  case: string
  result: string
  /** Against what the table's title names. */
  ratio: string
}

export interface BenchTable {
  title: string
  rows: BenchRow[]
  /** What explains the numbers, such as plans: printed beneath. */
  notes?: string[]
}
