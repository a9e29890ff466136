import { cache } from 'react'
import { loadMenu } from '@/lib/admin'
import { pageContext } from '../context'
import { orErrorPage } from '../page-outcome'
import { systemItems } from './shell/system-items'

/** The menu of whoever asks, loaded once a request: the shell draws it, home counts with it. */
export const currentMenu = cache(async () => {
  const ctx = await pageContext()
  return orErrorPage(loadMenu(ctx, systemItems(ctx)))
})
