// Who passes the option tcpAcceptFilter.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { acceptFilter } from '../../../src/transport/node/accept-filter.ts'
import { coded } from '../../support/coded.ts'

test('none: everybody passes, known or not', () => {
  const passes = acceptFilter(null)
  assert.ok(passes('127.0.0.1'))
  assert.ok(passes('::1'))
  assert.ok(passes(undefined))
})

test('addresses, networks and lists of them', () => {
  for (const [option, address, expected] of [
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['127.0.0.1/32', '127.0.0.1', true],
    ['127.0.0.0/8', '127.9.9.9', true],
    ['127.9.9.9/8', '127.0.0.1', true],
    ['127.0.0.0/8', '128.0.0.1', false],
    ['10.0.0.0/9', '10.127.255.255', true],
    ['10.0.0.0/9', '10.128.0.0', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['::1', '::1', true],
    ['::1', '::2', false],
    ['0:0:0:0:0:0:0:1', '::1', true],
    ['fd00::/8', 'fd12::9', true],
    ['fd00::/8', 'fe80::1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::/0', '2001:db8::1', true],
  ] as const)
    assert.is(acceptFilter(option)(address), expected, `${option} ${address}`)
  const several = acceptFilter(['10.0.0.0/8', '192.168.1.7', 'fd00::/8'])
  for (const address of ['10.1.2.3', '192.168.1.7', 'fd00::1']) assert.ok(several(address))
  for (const address of ['11.1.2.3', '192.168.1.8', '::1']) assert.not(several(address))
})

test('IPv4 written as IPv6 is IPv4, on both sides', () => {
  for (const [option, address, expected] of [
    ['127.0.0.0/8', '::ffff:127.0.0.1', true],
    ['127.0.0.0/8', '::ffff:7f00:1', true],
    ['127.0.0.0/8', '::FFFF:10.0.0.1', false],
    ['::ffff:127.0.0.1', '127.0.0.1', true],
    ['::ffff:127.0.0.0/104', '127.9.9.9', true],
    ['::ffff:127.0.0.0/104', '::ffff:128.0.0.1', false],
    ['::ffff:0.0.0.0/96', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '127.0.0.1', false],
    ['::/0', '::ffff:127.0.0.1', false],
  ] as const)
    assert.is(acceptFilter(option)(address), expected, `${option} ${address}`)
})

test('a peer that has gone, or has no address, passes no filter', () => {
  assert.not(acceptFilter('0.0.0.0/0')(undefined))
  assert.not(acceptFilter('0.0.0.0/0')(''))
})

test('a bad option is refused', () => {
  assert.throws(() => acceptFilter('foo'), coded('EINVAL'))
})

test.run()
