import { notFound } from 'next/navigation'
import { pageContext } from '@/app/context'
import { HomeOverview } from '../home-overview'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** The overview under its own address, wherever home is; the config may switch it off. */
export default async function DashboardPage({ searchParams }: Props) {
  const [{ admin }, { refused }] = await Promise.all([pageContext(), searchParams])
  if (admin.dashboard === 'off') notFound()
  return <HomeOverview label="Dashboard" refused={refused} />
}
