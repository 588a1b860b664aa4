// Load balancing: in order of attachment, past the full, and back to those that have room again.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pipe, PipeSink } from '../../../src/core/pipe.ts'
import { LoadBalancer } from '../../../src/patterns/lb.ts'
import { barePipe, readAll } from '../../support/pipes.ts'
import { message, numbered, texts } from '../../support/texts.ts'

interface Ends {
  near: Pipe
  far: Pipe
}

/** Pipes of a balancer that hold `hwm` messages each. */
function attached(lb: LoadBalancer, count: number, hwm = 0): Ends[] {
  const sink: PipeSink = {
    ready() {},
    readActivated() {},
    writeActivated: (pipe) => lb.activated(pipe),
    terminated() {},
  }
  return Array.from({ length: count }, () => {
    const ends = barePipe(hwm)
    lb.attach(ends.near)
    ends.near.attach(sink)
    return ends
  })
}

function send(lb: LoadBalancer, labels: readonly string[]): boolean[] {
  return labels.map((label) => lb.send(message(label)))
}

function received(pipes: readonly Ends[]): unknown[] {
  return pipes.map(({ far }) => texts(readAll(far)))
}

test('messages go round in order of attachment', () => {
  const lb = new LoadBalancer()
  const pipes = attached(lb, 3)
  send(lb, numbered('m', 7))
  assert.equal(received(pipes), [
    ['m0', 'm3', 'm6'],
    ['m1', 'm4'],
    ['m2', 'm5'],
  ])
})

test('with no pipe nothing is taken', () => {
  const lb = new LoadBalancer()
  assert.not(lb.send(message('a')))
  const [pipe] = attached(lb, 1)
  lb.terminated(pipe?.near as Pipe)
  assert.not(lb.send(message('a')))
  assert.is(pipe?.far.queued, 0)
})

test('the full are passed over; when all are full nothing is taken', () => {
  const lb = new LoadBalancer()
  const pipes = [...attached(lb, 1, 1), ...attached(lb, 1, 3), ...attached(lb, 1, 2)]
  assert.equal(send(lb, numbered('m', 7)), [true, true, true, true, true, true, false])
  const got = pipes.map(({ far }) => texts(readAll(far)))
  assert.equal(
    got.map((labels) => labels.length),
    [1, 3, 2],
  )
  assert.equal(got.flat().sort(), numbered('m', 6))
  for (const labels of got) assert.equal(labels, [...labels].sort(), 'each pipe in order')
})

test('a pipe with room again takes part again', () => {
  const lb = new LoadBalancer()
  const pipes = attached(lb, 2, 1)
  assert.equal(send(lb, numbered('m', 3)), [true, true, false])
  readAll(pipes[1]?.far as Pipe)
  assert.equal(send(lb, numbered('n', 2)), [true, false])
  readAll(pipes[0]?.far as Pipe)
  readAll(pipes[1]?.far as Pipe)
  assert.equal(send(lb, numbered('o', 3)), [true, true, false])
  assert.equal(
    pipes.map(({ far }) => far.queued),
    [1, 1],
  )
})

test('a pipe that goes away in the middle leaves the others in turn', () => {
  const lb = new LoadBalancer()
  const pipes = attached(lb, 3)
  send(lb, ['a', 'b'])
  lb.terminated(pipes[1]?.near as Pipe)
  send(lb, numbered('m', 4))
  const counts = pipes.map(({ far }) => far.queued)
  assert.equal(counts, [3, 1, 2])
})

test('the pipe of the last message is known until it goes', () => {
  const lb = new LoadBalancer()
  const [first, second] = attached(lb, 2) as [Ends, Ends]
  lb.send(message('a'))
  assert.is(lb.last, first.near)
  lb.send(message('b'))
  assert.is(lb.last, second.near)
  lb.terminated(second.near)
  assert.is(lb.last, undefined)
})

test.run()
