/** A stretch of days people often ask for, both ends included, as YYYY-MM-DD. */
export interface DatePreset {
  label: string
  from: string
  to: string
}

/** @param today as the person's calendar has it */
export function datePresets(today: Date): DatePreset[] {
  const day = (offset: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() + offset)
  const monthStart = (offset: number) => new Date(today.getFullYear(), today.getMonth() + offset, 1)
  const range = (label: string, from: Date, to: Date) => ({ label, from: isoDay(from), to: isoDay(to) })
  return [
    range('Today', day(0), day(0)),
    range('Last 7 days', day(-6), day(0)),
    range('Last 30 days', day(-29), day(0)),
    range('This month', monthStart(0), day(0)),
    range('Last month', monthStart(-1), new Date(today.getFullYear(), today.getMonth(), 0)),
  ]
}

function isoDay(date: Date): string {
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0')
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`
}
