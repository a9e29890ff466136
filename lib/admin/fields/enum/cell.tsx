import { Status } from '@/lib/ui/status/status'
import type { CellView } from '../../view'

/** A choice that the config gives a tone. */
export function StatusCell({ cell }: { cell: CellView }) {
  return (
    <Status tone={cell.tone ?? 'quiet'} title={cell.full ?? cell.title}>
      {cell.display}
    </Status>
  )
}
