// Fair queueing: one message from each pipe that has some, in turn.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Pipe, PipeSink } from '../../../src/core/pipe.ts'
import { FairQueue } from '../../../src/patterns/fq.ts'
import { barePipe } from '../../support/pipes.ts'
import { message, text } from '../../support/texts.ts'

interface Ends {
  near: Pipe
  far: Pipe
}

function attached(fq: FairQueue, count: number): Ends[] {
  const sink: PipeSink = {
    ready() {},
    readActivated: (pipe) => fq.activated(pipe),
    writeActivated() {},
    terminated() {},
  }
  return Array.from({ length: count }, () => {
    const ends = barePipe()
    fq.attach(ends.near)
    ends.near.attach(sink)
    return ends
  })
}

function write({ far }: Ends, ...labels: string[]): void {
  for (const label of labels) far.write(message(label))
}

function received(fq: FairQueue): (string | undefined)[] {
  const all = []
  for (let next = fq.recv(); next; next = fq.recv()) all.push(text(next))
  return all
}

test('one message per pipe in turn, and the rest of the longest at the end', () => {
  const fq = new FairQueue()
  const [a, b, c] = attached(fq, 3) as [Ends, Ends, Ends]
  write(a, 'a0', 'a1', 'a2', 'a3')
  write(b, 'b0')
  write(c, 'c0', 'c1')
  assert.equal(received(fq), ['a0', 'b0', 'c0', 'a1', 'c1', 'a2', 'a3'])
})

test('a multipart message comes whole', () => {
  const fq = new FairQueue()
  const [a, b] = attached(fq, 2) as [Ends, Ends]
  a.far.write(message('a', '1', '2'))
  b.far.write(message('b', '1', '2'))
  assert.equal(received(fq), ['a|1|2', 'b|1|2'])
})

test('an empty pipe that gets messages takes its turn again', () => {
  const fq = new FairQueue()
  const [a, b] = attached(fq, 2) as [Ends, Ends]
  assert.is(fq.recv(), undefined)
  write(a, 'a0', 'a1', 'a2')
  assert.is(text(fq.recv()), 'a0')
  write(b, 'b0', 'b1')
  assert.equal(received(fq).sort(), ['a1', 'a2', 'b0', 'b1'])
})

test('a busy pipe does not keep the others waiting for more than one message each', () => {
  const fq = new FairQueue()
  const pipes = attached(fq, 4)
  for (const pipe of pipes) write(pipe, ...Array<string>(50).fill(`${pipes.indexOf(pipe)}`))
  const order = received(fq)
  for (let i = 0; i < order.length; i += 4) {
    assert.equal(order.slice(i, i + 4).sort(), ['0', '1', '2', '3'])
  }
})

test('the pipe of the last message is known until it goes, and the others stay in turn', () => {
  const fq = new FairQueue()
  const [a, b, c] = attached(fq, 3) as [Ends, Ends, Ends]
  write(a, 'a0', 'a1')
  write(b, 'b0', 'b1')
  write(c, 'c0', 'c1')
  fq.recv()
  assert.is(fq.last, a.near)
  fq.terminated(a.near)
  assert.is(fq.last, undefined)
  assert.equal(received(fq).sort(), ['b0', 'b1', 'c0', 'c1'])
})

test('on every schedule each pipe’s messages come in order and none is left', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(4)), { maxLength: 40 })
  fc.assert(
    fc.property(steps, (schedule) => {
      const fq = new FairQueue()
      const pipes = attached(fq, 4)
      const written = pipes.map(() => 0)
      const read = pipes.map(() => 0)
      const take = (most: number): void => {
        for (let i = 0; i < most; i++) {
          const label = text(fq.recv())
          if (label === undefined) return
          const [pipe, number] = label.split('/').map(Number) as [number, number]
          assert.is(number, read[pipe])
          read[pipe] = number + 1
        }
      }
      for (const [pipe, reads] of schedule) {
        write(pipes[pipe] as Ends, `${pipe}/${(written[pipe] as number)++}`)
        take(reads)
      }
      take(1000)
      assert.equal(read, written)
    }),
  )
})

test.run()
