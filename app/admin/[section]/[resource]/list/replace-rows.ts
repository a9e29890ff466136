import { isAdded, isDeleted, type RowNews } from './live-rows'

/**
 * Makes the rows in `body`, which were written as `before`, those of `after`. A row that says the same as before stays
 * the element it was; one that says something else is replaced, keeps its tick, and is marked `data-changed`. Rows are
 * the same by their `data-row`. How long ago something was is no change.
 */
export function replaceRows(body: HTMLTableSectionElement, before: string, after: string): void {
  const known = byName(rowsOf(before))
  const shown = byName([...body.rows])
  const wanted = rowsOf(after).map((row) => renewed(row, known.get(nameOf(row)), shown.get(nameOf(row))))
  const staying = new Set<Element>(wanted)
  for (const row of [...body.rows]) if (!staying.has(row)) row.remove()
  // An element that is moved loses the focus: those in their place already are not touched.
  let place = body.firstElementChild
  for (const row of wanted) {
    if (row === place) place = place.nextElementSibling
    else body.insertBefore(row, place)
  }
}

/**
 * The same without moving anything: rows that are not in `after` any more stay, deleted ones marked `data-gone`, and
 * new ones wait.
 * @returns what is still missing, if anything
 */
export function updateRows(body: HTMLTableSectionElement, before: string, after: string): RowNews | undefined {
  const shown = [...body.rows]
  // Rows without a name cannot be told from each other.
  if (shown.some((row) => nameOf(row) === '')) {
    replaceRows(body, before, after)
    return undefined
  }
  const known = byName(rowsOf(before))
  const wanted = byName(rowsOf(after))
  for (const there of shown) {
    const row = wanted.get(nameOf(there))
    there.toggleAttribute('data-gone', row === undefined && isDeleted(nameOf(there)))
    const next = row && renewed(row, known.get(nameOf(row)), there)
    if (next && next !== there) there.replaceWith(next)
  }
  const names = shown.map(nameOf)
  const isShown = new Set(names)
  const newcomers = [...wanted.keys()].filter((name) => !isShown.has(name))
  const stayed = names.filter((name) => wanted.has(name))
  const news = {
    added: newcomers.filter(isAdded).length,
    gone: names.filter((name) => !wanted.has(name) && isDeleted(name)).length,
    isMoved:
      newcomers.length > 0 ||
      stayed.length < names.length ||
      stayed.join() !== [...wanted.keys()].filter((name) => isShown.has(name)).join(),
  }
  return news.isMoved ? news : undefined
}

/** The element to stand for a row: `there` where nothing differs, else the new one with its tick and its mark. */
function renewed(
  row: HTMLTableRowElement,
  old: HTMLTableRowElement | undefined,
  there: HTMLTableRowElement | undefined,
): HTMLTableRowElement {
  if (!nameOf(row) || !there) {
    row.toggleAttribute('data-changed', isAdded(nameOf(row)))
    return row
  }
  if (old?.outerHTML === row.outerHTML) {
    there.removeAttribute('data-gone')
    return there
  }
  row.toggleAttribute('data-changed', old === undefined || wordsOf(old) !== wordsOf(row))
  keepTick(there, row)
  return row
}

const nameOf = (row: HTMLTableRowElement) => row.dataset.row ?? ''

const byName = (rows: readonly HTMLTableRowElement[]) => new Map(rows.map((row) => [nameOf(row), row]))

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
