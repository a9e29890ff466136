import type { Readable } from 'node:stream'

/** Where files are kept: a folder here, or a bucket elsewhere. Names are those of `fileName`. */
export interface FileStore {
  /**
   * Writes the file whole or not at all: nobody ever reads half of it, and the same file written again is the same file.
   * @throws FileError `exists` where it is there with other content and must not be replaced
   */
  write(name: string, content: Buffer, options?: WriteOptions): Promise<void>
  /** The file as it is now, or undefined where there is none. Whoever does not read the stream to its end destroys it. */
  read(name: string, options?: { signal?: AbortSignal }): Promise<FileContent | undefined>
  /** Removes the file. One that is not there is removed already. */
  remove(name: string, options?: { signal?: AbortSignal }): Promise<void>
  /** What is wrong with how the store was configured, found without asking it: a start with any mistake must not go on. */
  check(): FileCheck[]
}

export interface WriteOptions {
  /** Whether an existing file is replaced. Default true. */
  replace?: boolean
  /** Its media type, where the store keeps one: 'text/csv'. */
  contentType?: string
  signal?: AbortSignal
}

export interface FileContent {
  /** In bytes. */
  size: number
  stream: Readable
}

/** One mistake: which option, what is wrong with it, and what would be right. */
export interface FileCheck {
  option: string
  message: string
  hint: string
}

export type FileErrorCode =
  /** It is there, with other content, and was not to be replaced. */
  | 'exists'
  /** The name cannot be a file's in this store. */
  | 'bad_name'
  /** The store does not let us, or there is no such store. */
  | 'refused'
  /** It may work later: a full disk, a server that is busy or away. */
  | 'unavailable'

/** A file that could not be written, read or removed. An effect that throws it is tried again, or given up, by what it says. */
export class FileError extends Error {
  override readonly name = 'FileError'
  /** Trying again cannot help. */
  readonly permanent: boolean
  /** What the store asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(
    readonly code: FileErrorCode,
    message: string,
    { retryAfterMs, ...options }: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options)
    this.permanent = code !== 'unavailable'
    this.retryAfterMs = retryAfterMs
  }
}

/** An earlier attempt of ours may have written the file: then it is the same, byte for byte. */
export async function isSame({ size, stream }: FileContent, content: Buffer): Promise<boolean> {
  try {
    if (size !== content.byteLength) return false
    let at = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (!content.subarray(at, at + chunk.byteLength).equals(chunk)) return false
      at += chunk.byteLength
    }
    return at === content.byteLength
  } finally {
    stream.destroy()
  }
}
