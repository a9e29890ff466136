export interface Totals {
  passed: number
  failed: number
}
export function vitestTotals(file: string, exitCode: number | null): Totals
export function playwrightTotals(file: string, exitCode: number | null): Totals
