import path from 'node:path'
import type { SendMailOptions, Transporter } from 'nodemailer'
import { z } from 'zod'
import { localFiles } from '@/lib/files'
import { PermanentError } from '../failure'
import { type HandlerContext, type HandlerDefinition, handler } from '../handler'

export interface EmailSendOptions {
  /** `smtp://user:password@host:587`, `smtps://…`. Without it, and without a folder, every e-mail fails, saying so. */
  smtpUrl?: string
  /** Without `smtpUrl`, messages are put here as .eml files in place of being sent, and their results say so. */
  folder?: string
  /** Who it is from where a payload does not say: `Corner Bakery <no-reply@example.org>`. */
  from?: string
  /** Most e-mails in any minute, over all workers. Default unlimited. */
  perMinute?: number
}

const line = z
  .string()
  .min(1)
  .max(1000)
  .refine((text) => !/[\r\n\0]/.test(text), { error: 'holds a line break' })
const address = line.refine((text) => /^([^<>]*<)?[^\s<>@,;]+@[^\s<>@,;]+>?$/.test(text), {
  error: 'is no e-mail address',
})
const addresses = z.union([address, z.array(address).min(1).max(100)])

const shape = z
  .strictObject({
    to: addresses,
    cc: addresses.optional(),
    bcc: addresses.optional(),
    from: address.optional(),
    replyTo: address.optional(),
    subject: line,
    text: z.string().optional(),
    html: z.string().optional(),
    attachments: z
      .array(
        z.strictObject({
          filename: line,
          content: z.string(),
          encoding: z.enum(['utf8', 'base64']).default('utf8'),
          contentType: line.optional(),
        }),
      )
      .max(20)
      .optional(),
  })
  .refine(({ text, html }) => text !== undefined || html !== undefined, { error: 'needs text or html', path: ['text'] })

type EmailPayload = z.output<typeof shape>

/**
 * `email.send` over SMTP. Every attempt carries the same Message-ID, made of the effect's id, so that a mailbox can tell a
 * repeated delivery. Answers of 5xx are permanent; 4xx, a refused sign-in and a lost connection are tried again.
 */
export function emailSendHandler(options: EmailSendOptions): HandlerDefinition {
  let transport: Transporter | undefined
  return handler({
    label: 'E-mail',
    payload: shape,
    timeout: '2m',
    rate: options.perMinute ? { max: options.perMinute, per: '1m' } : undefined,
    run: async (payload, ctx) => {
      const { smtpUrl, folder } = options
      const from = payload.from ?? options.from
      if (!smtpUrl && !folder) throw new PermanentError('No SMTP server is configured.')
      if (!from) throw new PermanentError('Neither the payload nor the site says who the e-mail is from.')
      // Loaded when the first e-mail is sent: the config that declares this is read by every process.
      const { createTransport } = await import('nodemailer')
      if (!smtpUrl && folder)
        return await keep(folder, await createTransport(IN_MEMORY).sendMail(message(from, payload, ctx)), ctx)
      transport ??= createTransport(smtpUrl)
      return await send(transport, message(from, payload, ctx))
    },
  })
}

/** Writes messages out in place of sending them. */
const IN_MEMORY = { streamTransport: true, buffer: true, newline: 'windows' } as const

function message(from: string, payload: EmailPayload, ctx: HandlerContext): SendMailOptions {
  const domain = /@([^\s<>@]+?)>?$/.exec(from)?.[1] ?? 'localhost'
  return {
    ...payload,
    from,
    messageId: `<${ctx.idempotencyKey}@${domain}>`,
    date: ctx.clock.now(),
    // A payload brings its content along: it may name neither files of this machine nor addresses to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

async function send(transport: Transporter, mail: SendMailOptions) {
  try {
    const { messageId, accepted, rejected, response } = await transport.sendMail(mail)
    return { messageId, accepted, rejected, response }
  } catch (error) {
    throw isRefusal(error) ? new PermanentError((error as Error).message, { cause: error }) : error
  }
}

/** One file an effect, however many attempts. */
async function keep(
  folder: string,
  { message: raw, messageId }: { message: unknown; messageId: string },
  ctx: HandlerContext,
) {
  const file = `${ctx.id}.eml`
  await localFiles(folder).write(file, raw as Buffer)
  return { messageId, isDelivered: false, file: path.join(folder, file) }
}

/** Whether the server said that this message will never be taken. */
function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  return code !== 'EAUTH' && typeof responseCode === 'number' && responseCode >= 500
}
