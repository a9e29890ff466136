/**
 * Makes the rows in `body`, which were written as `before`, those of `after`. A row that says the same as before stays
 * the element it was; one that says something else is replaced, keeps its tick, and is marked `data-changed`. Rows are
 * the same by their `data-row`. How long ago something was is no change.
 */
export function replaceRows(body: HTMLTableSectionElement, before: string, after: string): void {
  const known = byName(rowsOf(before))
  const shown = byName([...body.rows])
  const wanted = rowsOf(after).map((row) => {
    const name = row.dataset.row ?? ''
    const [old, there] = [known.get(name), shown.get(name)]
    if (!name || !old || !there) return row
    if (old.outerHTML === row.outerHTML) return there
    row.toggleAttribute('data-changed', wordsOf(old) !== wordsOf(row))
    keepTick(there, row)
    return row
  })
  const staying = new Set<Element>(wanted)
  for (const row of [...body.rows]) if (!staying.has(row)) row.remove()
  // An element that is moved loses the focus: those in their place already are not touched.
  let place = body.firstElementChild
  for (const row of wanted) {
    if (row === place) place = place.nextElementSibling
    else body.insertBefore(row, place)
  }
}

const byName = (rows: readonly HTMLTableRowElement[]) => new Map(rows.map((row) => [row.dataset.row ?? '', row]))

function rowsOf(markup: string): HTMLTableRowElement[] {
  const template = document.createElement('template')
  template.innerHTML = `<table><tbody>${markup}</tbody></table>`
  return [...(template.content.querySelector('tbody')?.rows ?? [])]
}

function keepTick(from: Element, to: Element): void {
  const [old, box] = [from, to].map((row) => row.querySelector<HTMLInputElement>('[data-select]'))
  if (old && box) box.checked = old.checked
}

const wordsOf = (row: Element) => row.innerHTML.replace(/(<time[^>]*>)[^<]*/g, '$1')
