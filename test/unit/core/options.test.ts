// Socket options: who has which, what values they take.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZmqError } from '../../../src/core/errors.ts'
import { checkOption, makeOptions, OPTIONS, optionNames } from '../../../src/core/options.ts'
import { PEERS, type SocketType } from '../../../src/core/socket-type.ts'
import { Publisher } from '../../../src/patterns/pub.ts'
import { Pull } from '../../../src/patterns/pull.ts'
import { Push } from '../../../src/patterns/push.ts'
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
      assert.match(refusal(set(bad)), `Option ${name}: must be a whole number from ${rule.min} up`)
    }
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

test.run()
