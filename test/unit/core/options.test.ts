// Socket options: who has which, what values they take.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { checkOption, makeOptions, OPTIONS, optionNames } from '../../../src/core/options.ts'
import { PEERS, type SocketType } from '../../../src/core/socket-type.ts'
import { Publisher } from '../../../src/patterns/pub.ts'
import { Pull } from '../../../src/patterns/pull.ts'
import { Push } from '../../../src/patterns/push.ts'
import { Router } from '../../../src/patterns/router.ts'
import { Subscriber } from '../../../src/patterns/sub.ts'

function refusal(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    assert.instance(error, ZmqError)
    assert.is((error as ZmqError).code, 'EINVAL')
    return (error as ZmqError).message
  }
  throw new Error('was accepted')
}

test('defaults are libzmq’s', () => {
  const { linger, sendHighWaterMark, receiveHighWaterMark, reconnectInterval } = makeOptions(
    'PAIR',
    {},
  )
  assert.equal(
    [linger, sendHighWaterMark, receiveHighWaterMark, reconnectInterval],
    [-1, 1000, 1000, 100],
  )
})

test('an unknown option is refused, and the known ones are listed', () => {
  assert.match(
    refusal(() => new Push({ hwm: 1 } as never)),
    /no option 'hwm'.*sendHighWaterMark/,
  )
  assert.match(
    refusal(() => checkOption('PUSH', 'toString', 1)),
    /no option 'toString'/,
  )
})

test('a socket has no options of the direction it lacks', () => {
  assert.match(
    refusal(() => new Push({ receiveTimeout: 1 } as never)),
    /PUSH .* no option/,
  )
  assert.match(
    refusal(() => new Publisher({ receiveHighWaterMark: 1 } as never)),
    /PUB /,
  )
  assert.match(
    refusal(() => new Pull({ sendTimeout: 1 } as never)),
    /PULL /,
  )
  assert.match(
    refusal(() => new Subscriber({ sendHighWaterMark: 1 } as never)),
    /SUB /,
  )
  assert.ok(optionNames('PAIR').includes('sendTimeout'))
  assert.ok(optionNames('PAIR').includes('receiveTimeout'))
  assert.not('receiveTimeout' in new Push())
  assert.ok('sendTimeout' in new Push())
})

test('numbers are whole and not below their minimum', () => {
  for (const [name, rule] of Object.entries(OPTIONS)) {
    if (rule.min === undefined) continue
    const set = (value: unknown) => () => checkOption('PAIR', name, value)
    set(rule.min)()
    set(rule.default)()
    for (const bad of [rule.min - 1, 1.5, Number.NaN, Infinity, '1', null, true]) {
      assert.match(refusal(set(bad)), `Option ${name}: must be a whole number from ${rule.min} `)
    }
    if (rule.max === undefined) continue
    set(rule.max)()
    assert.match(refusal(set(rule.max + 1)), `from ${rule.min} to ${rule.max}, not ${rule.max + 1}`)
  }
})

test('metadata names start with X- and texts are not empty', () => {
  const set = (value: unknown) => () => checkOption('PUSH', 'metadata', value)
  set({ 'X-Role': 'worker' })()
  assert.match(refusal(set({ Role: 'worker' })), /'Role' must start with X-/)
  assert.match(refusal(set({ 'X-': 'worker' })), /must start with X-/)
  assert.match(refusal(set({ 'X-a b': 'worker' })), /must start with X-/)
  assert.match(refusal(set({ [`X-${'n'.repeat(254)}`]: 'v' })), /must start with X-/)
  assert.match(refusal(set({ 'X-Role': '' })), /not empty/)
  assert.match(refusal(set({ 'X-Role': 7 })), /must be a text/)
  assert.match(refusal(set(null)), /object of texts/)
  assert.match(refusal(set('text')), /object of texts/)
  set(Object.assign(Object.create(null), { 'X-Role': 'worker' }))()
})

test('metadata that is no plain object, or holds what JSON cannot, is refused as any other', () => {
  const set = (value: unknown) => () => checkOption('PUSH', 'metadata', value)
  for (const value of [new Map([['X-Role', 'worker']]), ['worker'], [], new Set(), new Date()])
    assert.match(refusal(set(value)), /object of texts/)
  const circular: Record<string, unknown> = {}
  circular['X-Self'] = circular
  assert.match(refusal(set(circular)), /'X-Self' must be a text/)
  assert.match(refusal(set({ 'X-Big': 5n })), /'X-Big' must be a text/)
  set({ 'X-A': 'a'.repeat(15_997) })()
  assert.match(refusal(set({ 'X-A': 'a'.repeat(15_998) })), /at most 16000 characters/)
})

test('any value that is refused is EINVAL, also one that has no text', () => {
  for (const name of optionNames('PUSH'))
    if (name !== 'metadata' && name !== 'tls')
      refusal(() => checkOption('PUSH', name, Object.create(null)))
})

test('tls: certificates and keys as Node takes them', () => {
  const set = (value: unknown) => () => checkOption('PUSH', 'tls', value)
  const bytes = new Uint8Array(3)
  for (const good of [
    null,
    {},
    { cert: 'PEM', key: bytes, ca: ['PEM', bytes] },
    { key: [{ pem: 'PEM', passphrase: 'x' }], cert: undefined, ca: null },
    { minVersion: 'TLSv1.3' },
  ])
    set(good)()
  for (const bad of [[], 5, 'PEM', undefined]) assert.match(refusal(set(bad)), /object or null/)
  assert.match(refusal(set({ cert: 5 })), /cert must be text or bytes/)
  assert.match(refusal(set({ key: ['PEM', 5] })), /key must be/)
  assert.match(refusal(set({ ca: [['PEM', null]] })), /ca must be/)
})

test('httpServer needs the methods of a server', () => {
  const set = (value: unknown) => () => checkOption('PULL', 'httpServer', value)
  const no = (): void => {}
  set(null)()
  set({ on: no, off: no, address: no, listenerCount: no })()
  for (const bad of [{}, [], 5, undefined, { on: no, off: no, address: no }])
    assert.match(refusal(set(bad)), /it needs on, off, address, listenerCount/)
})

const set = (name: string, value: unknown) => () => checkOption('PUSH', name, value)

test('tcpAcceptFilter: addresses and networks, checked when it is set', () => {
  for (const good of [
    null,
    '127.0.0.1',
    '0.0.0.0/0',
    '192.168.0.0/16',
    '::1',
    'fd00::/8',
    '::ffff:10.0.0.0/104',
    ['10.0.0.0/8', '::1/128'],
  ])
    set('tcpAcceptFilter', good)()
  for (const bad of [
    '',
    'foo',
    '0.0.0.0foo',
    '0.0.0.0/foo',
    '0.0.0.0/',
    '0.0.0.0/-1',
    '0.0.0.0/33',
    '::1/129',
    '/8',
    '/',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '[::1]',
    'fe80::1%eth0',
    '1::2::3',
    'localhost',
    '1.2.3.4/8/8',
    ' 1.2.3.4',
    7,
    true,
    [],
    ['127.0.0.1', 'foo'],
    [undefined],
    [['127.0.0.1']],
  ])
    assert.match(refusal(set('tcpAcceptFilter', bad)), /Option tcpAcceptFilter: must/)
  assert.match(refusal(set('tcpAcceptFilter', ['127.0.0.1', 'foo'])), "not 'foo'")
})

test('socksProxy is host:port; user and password have at most 255 bytes', () => {
  for (const good of [null, 'host:1080', '127.0.0.1:1', '[::1]:1080', '::1:1080'])
    set('socksProxy', good)()
  for (const bad of [
    '',
    'host',
    'host:',
    'host:0',
    '*:1080',
    'a b:1',
    'socks5://host:1',
    7,
    undefined,
  ])
    assert.match(refusal(set('socksProxy', bad)), /Option socksProxy: must be host:port or null/)
  for (const name of ['socksUsername', 'socksPassword']) {
    for (const good of [null, 'u', 'u'.repeat(255)]) set(name, good)()
    for (const bad of ['u'.repeat(256), 'ü'.repeat(128), 7])
      assert.match(refusal(set(name, bad)), /at most 255 bytes/)
  }
  set('socksPassword', '')()
  assert.match(refusal(set('socksUsername', '')), /must not be empty/)
})

test('the network options of every socket', () => {
  const { ipv6, tcpKeepalive, tcpKeepaliveIdle, ipcTakeOver } = makeOptions('REQ', {})
  assert.equal([ipv6, tcpKeepalive, tcpKeepaliveIdle, ipcTakeOver], [false, -1, -1, false])
  for (const good of [-1, 0, 1]) set('tcpKeepalive', good)()
  assert.match(refusal(set('tcpKeepalive', 2)), 'from -1 to 1')
  assert.match(refusal(set('ipv6', 1)), 'true or false')
  assert.match(refusal(set('ipcTakeOver', 'yes')), 'true or false')
})

test('options are properties of the socket, checked when set', () => {
  const push = new Push({ sendHighWaterMark: 7 })
  assert.is(push.sendHighWaterMark, 7)
  push.sendHighWaterMark = 9
  assert.is(push.sendHighWaterMark, 9)
  refusal(() => {
    push.sendHighWaterMark = -1
  })
  assert.is(push.sendHighWaterMark, 9)
})

test('an option that is undefined counts as not given', () => {
  assert.is(new Push({ linger: undefined } as never).linger, -1)
})

test('what only subscriptions use has no limit', () => {
  assert.is(makeOptions('SUB', {}).sendHighWaterMark, 0)
  assert.is(makeOptions('PUB', {}).receiveHighWaterMark, 0)
})

test('the options of every socket type have values that pass their own check', () => {
  for (const type of Object.keys(PEERS) as SocketType[]) {
    const options = makeOptions(type, {})
    assert.ok(optionNames(type).includes('linger'))
    for (const name of optionNames(type)) checkOption(type, name, options[name])
  }
})

test('a socket is never given a secret that it would not use', () => {
  for (const Socket of [Push, Router]) {
    const socket = new Socket() as unknown as Record<string, unknown>
    for (const name of ['curveServer', 'curveSecretKey', 'plainPassword', 'zapDomain']) {
      assert.match(
        refusal(() => new Socket({ [name]: 'x' } as never)),
        new RegExp(`no option '${name}'`),
      )
      assert.throws(
        () => (socket[name] = 'x'),
        (error: ZmqError) => error.code === 'ENOTSUP' && /wss:/.test(error.message),
      )
      assert.is(socket[name], undefined)
    }
  }
})

test.run()
