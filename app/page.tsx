import { redirect } from 'next/navigation'

/** There is nothing but the admin here. */
export default function RootPage(): never {
  redirect('/admin')
}
