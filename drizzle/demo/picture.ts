import { crc32, deflateSync } from 'node:zlib'

const SIZE = 48

/** A small PNG: a disc of `colour` ('#rrggbb') on paper, so that the demo's photo column holds real pictures. */
export function drawSwatch(colour: string): Buffer {
  const ink = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  const paper = [250, 249, 246]
  const rows = Array.from({ length: SIZE }, (_, y) => [
    0, // no filter
    ...Array.from({ length: SIZE }, (_, x) => (Math.hypot(x - 23.5, y - 23.5) < 20 ? ink : paper)).flat(),
  ])
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIZE, 0)
  header.writeUInt32BE(SIZE, 4)
  header.set([8, 2], 8) // 8 bits a channel, RGB
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
