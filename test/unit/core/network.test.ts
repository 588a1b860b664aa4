// IP addresses and networks as text, against what Node takes for one.
import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isIpv4, isIpv6, parseNetwork, unmapped } from '../../../src/core/network.ts'

const TEXTS = [
  '0.0.0.0',
  '255.255.255.255',
  '256.0.0.1',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '1.2.3.4 ',
  '0x1.2.3.4',
  '::',
  '::1',
  '1::',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '1:2:3:4:5:6:7:8:9',
  '::1.2.3.4',
  '::ffff:1.2.3.4',
  '::ffff:1.2.3.256',
  '1.2.3.4::',
  'ABCD:ef01::',
  '12345::',
  ':::',
  ':',
  '',
  '[::1]',
  'g::1',
]

test('what is an address is what Node takes for one', () => {
  for (const text of TEXTS) {
    assert.is(isIpv4(text), isIPv4(text), text)
    assert.is(isIpv6(text), isIPv6(text), text)
  }
  const alphabet = fc.constantFrom(...'0123456789abcdef:::...')
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: alphabet })), (text) => {
      assert.is(isIpv4(text), isIPv4(text), text)
      assert.is(isIpv6(text), isIPv6(text), text)
    }),
  )
})

test('IPv4 within IPv6 is found in each way to write it', () => {
  for (const [text, is] of [
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['0:0:0:0:0:ffff:255.255.0.1', '255.255.0.1'],
    ['::1.2.3.4', '::1.2.3.4'],
    ['::1', '::1'],
    ['1.2.3.4', '1.2.3.4'],
    ['no address', 'no address'],
  ] as const)
    assert.is(unmapped(text), is)
})

test('networks', () => {
  for (const [text, family, address, prefix] of [
    ['1.2.3.4', 'ipv4', '1.2.3.4', 32],
    ['1.2.3.4/0', 'ipv4', '1.2.3.4', 0],
    ['1.2.3.4/032', 'ipv4', '1.2.3.4', 32],
    ['::1', 'ipv6', '::1', 128],
    ['fd00::/8', 'ipv6', 'fd00::', 8],
    ['::ffff:1.2.3.4', 'ipv4', '1.2.3.4', 32],
    ['::ffff:1.2.3.4/104', 'ipv4', '1.2.3.4', 8],
    ['::ffff:1.2.3.4/95', 'ipv6', '::ffff:1.2.3.4', 95],
  ] as const)
    assert.equal(parseNetwork(text), { family, address, prefix })
  for (const text of [
    '',
    '/',
    '/8',
    '1.2.3.4/',
    '1.2.3.4/33',
    '::1/129',
    '::1/x',
    '::1/1/1',
    'a/8',
  ])
    assert.is(parseNetwork(text), undefined, text)
})

test.run()
