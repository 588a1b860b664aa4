// Distribution: to all that match, each once, waiting for none; those without room are counted.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pipe } from '../../../src/core/pipe.ts'
import { Distributor } from '../../../src/patterns/dist.ts'
import { barePipe, readAll } from '../../support/pipes.ts'
import { message, texts } from '../../support/texts.ts'

interface Ends {
  near: Pipe
  far: Pipe
}

function attached(dist: Distributor, ...hwms: number[]): Ends[] {
  return hwms.map((hwm) => {
    const ends = barePipe(hwm)
    dist.attach(ends.near)
    return ends
  })
}

test('a message goes to those that match and to no other, and the next one to nobody', () => {
  const dist = new Distributor()
  const [a, b, c] = attached(dist, 0, 0, 0) as [Ends, Ends, Ends]
  dist.match(a.near)
  dist.match(c.near)
  assert.is(dist.send(message('x')), 0)
  assert.is(dist.send(message('y')), 0)
  assert.equal(texts(readAll(a.far)), ['x'])
  assert.equal(texts(readAll(b.far)), [])
  assert.equal(texts(readAll(c.far)), ['x'])
})

test('a pipe that matches twice gets the message once', () => {
  const dist = new Distributor()
  const [a] = attached(dist, 0) as [Ends]
  dist.match(a.near)
  dist.match(a.near)
  dist.send(message('x'))
  assert.equal(texts(readAll(a.far)), ['x'])
})

test('those without room are counted, and the others get the message', () => {
  const dist = new Distributor()
  const pipes = attached(dist, 1, 0, 1) as [Ends, Ends, Ends]
  const missed = ['x', 'y', 'z'].map((label) => {
    for (const { near } of pipes) dist.match(near)
    return dist.send(message(label))
  })
  assert.equal(missed, [0, 2, 2])
  assert.equal(
    pipes.map(({ far }) => texts(readAll(far))),
    [['x'], ['x', 'y', 'z'], ['x']],
  )
})

test('receivers share the bytes but not the array of frames', () => {
  const dist = new Distributor()
  const [a, b] = attached(dist, 0, 0) as [Ends, Ends]
  dist.match(a.near)
  dist.match(b.near)
  dist.send(message('x', 'y'))
  const first = a.far.read()
  const second = b.far.read()
  assert.is.not(first, second)
  assert.is(first?.[0], second?.[0])
  first?.pop()
  assert.is(second?.length, 2)
})

test('a pipe that is gone is not sent to, even if it had matched', () => {
  const dist = new Distributor()
  const [a, b] = attached(dist, 0, 0) as [Ends, Ends]
  dist.match(a.near)
  dist.match(b.near)
  dist.terminated(a.near)
  assert.is(dist.send(message('x')), 0)
  assert.is(a.far.queued, 0)
  assert.is(b.far.queued, 1)
})

test.run()
