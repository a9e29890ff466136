import { type Site, startSite } from './site'

/** Starts the site once for all browser tests; what it returns ends it. */
export default async function setup(): Promise<() => Promise<void>> {
  const site = await startSite()
  const { baseURL, urls }: Omit<Site, 'stop'> = site
  process.env.KONTOR_E2E = JSON.stringify({ baseURL, urls }) // the workers inherit it
  return () => site.stop()
}
