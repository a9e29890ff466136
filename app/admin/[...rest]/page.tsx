import { notFound } from 'next/navigation'
import { pageContext } from '@/app/context'

/** An address that is nobody's: not found, in the shell, for those who are signed in. */
export default async function UnknownPage() {
  await pageContext()
  notFound()
}
