'use server'

import { verifyLog } from '@/lib/admin/operations/log-care'
import { getRuntime } from '@/lib/runtime'
import { actionContext } from '../../context'
import { reportError } from '../../report'

/** Findings told at most; the command line tells all. */
const TOLD = 20

export type VerifyAnswer =
  | { ok: true; isIntact: boolean; message: string; findings: string[] }
  | { ok: false; message: string }

/** Verifies the whole log. Owners only. */
export async function verify(): Promise<VerifyAnswer> {
  try {
    const [ctx, { db }] = await Promise.all([actionContext('form'), getRuntime()])
    const { findings, intact, erased, unsealed } = await verifyLog(ctx, db)
    const number = new Intl.NumberFormat(ctx.locale)
    const rest = [
      erased > 0 ? `${number.format(erased)} ${erased === 1 ? 'was' : 'were'} erased on record` : '',
      unsealed > 0 ? `${number.format(unsealed)} ${unsealed === 1 ? 'is' : 'are'} newer than the last seal` : '',
    ].filter(Boolean)
    const message =
      findings.length > 0
        ? `The log was tampered with: ${number.format(findings.length)} ${findings.length === 1 ? 'finding' : 'findings'}.`
        : `${intact === 1 ? '1 change is as it was' : `${number.format(intact)} changes are as they were`} sealed${rest.length > 0 ? `; ${rest.join(', ')}` : ''}.`
    return {
      ok: true,
      isIntact: findings.length === 0,
      message,
      findings: findings.slice(0, TOLD).map((one) => one.message),
    }
  } catch (error) {
    return { ok: false, message: (await reportError(error)).message }
  }
}
