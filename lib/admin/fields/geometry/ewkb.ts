const NAMES = ['', 'Point', 'Line', 'Polygon', 'Points', 'Lines', 'Polygons', 'Collection']
const HAS_SRID = 0x20000000

/** A readable line for the hexadecimal EWKB that PostGIS writes: a point's coordinates, any other shape's name. */
export function readPoint(text: string): string {
  if (!/^[\da-f]{18,}$/i.test(text)) return text
  const bytes = Buffer.from(text, 'hex')
  const isLittle = bytes[0] === 1
  const uint = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const double = (at: number) => (isLittle ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at))
  const type = uint(1)
  const at = type & HAS_SRID ? 9 : 5
  const name = NAMES[type & 0xff]
  if (!name) return text
  if (name !== 'Point') return name
  return bytes.length >= at + 16 ? `POINT(${double(at)} ${double(at + 8)})` : name
}
