import { Rows } from './rows'

export const dynamic = 'force-dynamic'

export default function First() {
  return <Rows page="first" />
}
