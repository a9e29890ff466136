import { createHash } from 'node:crypto'

/** A log row as the digest sees it: its small fields as one canonical text, and its two values. */
export interface DigestParts {
  header: string
  before: string | null
  after: string | null
}

/** The columns of DigestParts over `alias`, spelled with Postgres's own functions only: ours might have been replaced. */
export const digestParts = (alias: string) => {
  const fields = ['record_id', 'op', 'changed', 'actor', 'db_user', 'source', 'request_id', 'reason', 'undoes']
  return `jsonb_build_array(${alias}.id, (extract(epoch FROM ${alias}.at) * 1000000)::bigint, ${alias}.tx::text, ${alias}.relation,
    ${fields.map((field) => `${alias}.${field}`).join(', ')})::text AS header, ${alias}.before::text AS before, ${alias}.after::text AS after`
}

const sha256 = (...pieces: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest()
}

/** What kontor.change_digest says of the same row. */
export const changeDigest = ({ header, before, after }: DigestParts): Buffer =>
  sha256(header, sha256(before ?? ''), sha256(after ?? ''))

/** What kontor.seal_digest says: the link to the seal before, the rows, and the seal's own fields. */
export const sealDigest = (previous: Buffer | null, leavesDigest: Buffer, fields: string): Buffer =>
  sha256(previous ?? '', leavesDigest, fields)

export const leavesDigest = (leaves: Buffer): Buffer => sha256(leaves)

const LEAF = 40

/** A seal's rows: id and digest of each. */
export function readLeaves(leaves: Buffer): Map<string, Buffer> {
  const rows = new Map<string, Buffer>()
  for (let at = 0; at + LEAF <= leaves.length; at += LEAF) {
    rows.set(leaves.readBigInt64BE(at).toString(), leaves.subarray(at + 8, at + LEAF))
  }
  return rows
}
