import type { FileStore } from '@/lib/files'
import type { HandlerDefinition } from '../handler'
import { type EmailSendOptions, emailSendHandler } from './email-send'
import { fileWriteHandler } from './file-write'
import { type HttpRequestOptions, httpRequestHandler } from './http-request'
import { logHandler } from './log'

export interface BuiltInOptions {
  email?: EmailSendOptions
  http?: HttpRequestOptions
  /** Where `file.write` writes: `localFiles(folder)` or `s3Files({ bucket, region })`. */
  files?: FileStore
}

/** The kinds every site has: `email.send`, `http.request`, `log`, `file.write`. */
export function builtInHandlers({
  email = {},
  http = {},
  files,
}: BuiltInOptions = {}): Record<string, HandlerDefinition> {
  return {
    'email.send': emailSendHandler(email),
    'http.request': httpRequestHandler(http),
    log: logHandler(),
    'file.write': fileWriteHandler(files),
  }
}
