/*
 * The tick boxes of a list, as the page's markup holds them: `data-select="row"` with the record's id as value, and one
 * `data-select="page"` for all of them.
 */

const rowBoxes = () => [...document.querySelectorAll<HTMLInputElement>('[data-select="row"]')]
const pageBox = () => document.querySelector<HTMLInputElement>('[data-select="page"]')

/** The ids of the rows ticked, in the order they stand; brings the box for the page up to date. */
export function selectedIds(): string[] {
  const boxes = rowBoxes()
  const ids = boxes.filter(({ checked }) => checked).map(({ value }) => value)
  const all = pageBox()
  if (all) {
    all.checked = ids.length > 0 && ids.length === boxes.length
    all.indeterminate = ids.length > 0 && ids.length < boxes.length
  }
  return ids
}

export function clearSelection(): void {
  setAll(rowBoxes(), false)
  // Whoever watches counts again.
  pageBox()?.dispatchEvent(new Event('change', { bubbles: true }))
}

/**
 * Calls `onChange` after each tick. The page's box ticks all rows; a click with the shift key ticks all rows since the
 * last one.
 * @returns what ends it
 */
export function watchSelection(onChange: () => void): () => void {
  let isShifted = false
  let last: HTMLInputElement | undefined
  const onClick = (event: MouseEvent) => {
    isShifted = event.shiftKey
  }
  const onTick = ({ target, isTrusted }: Event) => {
    if (!(target instanceof HTMLInputElement) || !target.dataset.select) return
    if (target.dataset.select === 'page' && isTrusted) setAll(rowBoxes(), target.checked)
    if (target.dataset.select === 'row') {
      if (isShifted && last) setAll(between(rowBoxes(), last, target), target.checked)
      last = target
    }
    onChange()
  }
  document.addEventListener('click', onClick, true)
  document.addEventListener('change', onTick)
  return () => {
    document.removeEventListener('click', onClick, true)
    document.removeEventListener('change', onTick)
  }
}

function setAll(boxes: readonly HTMLInputElement[], checked: boolean): void {
  for (const box of boxes) box.checked = checked
}

function between(boxes: HTMLInputElement[], one: HTMLInputElement, other: HTMLInputElement): HTMLInputElement[] {
  const [from = 0, to = 0] = [boxes.indexOf(one), boxes.indexOf(other)].sort((a, b) => a - b)
  return from < 0 ? [] : boxes.slice(from, to + 1)
}
