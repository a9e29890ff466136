import { Rows } from '../rows'

export const dynamic = 'force-dynamic'

export default function Deep() {
  return <Rows page="deep" />
}
