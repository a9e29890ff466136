import { expect, test } from 'vitest'
import { type SignedRequest, signatureFault } from '@/tests/support/s3-signature'

// The examples of Amazon's "Signature Calculations for the Authorization Header": what checks our calls is right itself.
const KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const NOW = Date.UTC(2013, 4, 24)
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const FOR = 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
const common = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z' }

const put: SignedRequest = {
  method: 'PUT',
  url: '/test%24file.text',
  headers: {
    ...common,
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    authorization: `${FOR},SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd`,
  },
}
const get = (url: string, names: string, signature: string, more = {}): SignedRequest => ({
  method: 'GET',
  url,
  headers: {
    ...common,
    'x-amz-content-sha256': EMPTY,
    ...more,
    authorization: `${FOR},SignedHeaders=${names},Signature=${signature}`,
  },
})
const plain = 'host;x-amz-content-sha256;x-amz-date'

test.each([
  ['PUT Object', put, 'Welcome to Amazon S3.'],
  [
    'GET Object',
    get(
      '/test.txt',
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
      { range: 'bytes=0-9' },
    ),
    '',
  ],
  [
    'GET Bucket Lifecycle',
    get('/?lifecycle', plain, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'),
    '',
  ],
  [
    'GET Bucket (List Objects)',
    get('/?max-keys=2&prefix=J', plain, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
    '',
  ],
])('%s has the signature Amazon publishes', (_what, request, body) => {
  expect(signatureFault(request, Buffer.from(body), KEYS, 'us-east-1', NOW)).toBeUndefined()
})

test('whatever is changed about a request makes it another one', () => {
  const faultOf = (request: SignedRequest, body = 'Welcome to Amazon S3.', keys = KEYS, now = NOW) =>
    signatureFault(request, Buffer.from(body), keys, 'us-east-1', now)
  expect(faultOf({ ...put, url: '/test%24file.txt' })).toBe('SignatureDoesNotMatch')
  expect(faultOf({ ...put, method: 'DELETE' })).toBe('SignatureDoesNotMatch')
  expect(faultOf(put, 'Welcome to Amazon S3!')).toBe('XAmzContentSHA256Mismatch')
  expect(faultOf(put, undefined, { ...KEYS, secretAccessKey: 'another' })).toBe('SignatureDoesNotMatch')
  expect(faultOf(put, undefined, { ...KEYS, accessKeyId: 'another' })).toBe('InvalidAccessKeyId')
  expect(faultOf(put, undefined, KEYS, NOW + 16 * 60_000)).toBe('RequestTimeTooSkewed')
  expect(faultOf({ ...put, headers: { ...put.headers, 'x-amz-acl': 'public-read' } })).toBe('AccessDenied')
  expect(faultOf({ ...put, headers: { ...put.headers, authorization: undefined } })).toBe('AccessDenied')
})
