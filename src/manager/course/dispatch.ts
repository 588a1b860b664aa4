// Which message goes to which worker next. Messages wait here for a worker with room; those of one
// line (see Work) go to the worker that has others of that line, or wait until it has room.
// Pure: no sockets, no time.
//
//   again  >--.                       lane [leases] <- parked
//   queue  >---'--> pinned? choose --> lane [leases] <- parked

import { Fifo } from '../../core/fifo.ts'
import type { Progress } from '../worker/progress.ts'
import { Lane, type Left } from './lane.ts'
import type { Work } from './work.ts'

/** `least-loaded`: the worker with the fewest messages. `round-robin`: the next with room, as PUSH does. */
export type DispatchOrder = 'least-loaded' | 'round-robin'
/** The first is the default. */
export const DISPATCH_ORDERS: readonly DispatchOrder[] = ['least-loaded', 'round-robin']

export class Dispatch {
  readonly #order: DispatchOrder
  readonly #capacity: number
  readonly #lanes = new Map<string, Lane>()
  #inTurn: Lane[] = []
  readonly #parkedIn = new Set<Lane>() // lanes with parked messages
  readonly #again = new Fifo<Work>() // were with a worker; go first
  readonly #queue = new Fifo<Work>()
  readonly #pins = new Map<string, { readonly lane: Lane; count: number }>() // lines under way
  #waiting = 0
  #closing = 0 // workers that are being taken away
  #turn = 0 // of the lane after the one that was chosen last

  /** A worker may have `prefetch` messages beside the one it works on. */
  constructor(order: DispatchOrder, prefetch: number) {
    this.#order = order
    this.#capacity = prefetch + 1
  }

  /** Messages that wait for a worker. */
  get waiting(): number {
    return this.#waiting
  }

  get lanes(): Iterable<Lane> {
    return this.#lanes.values()
  }

  lane(worker: string): Lane | undefined {
    return this.#lanes.get(worker)
  }

  open(worker: string, progress: Progress): void {
    this.#lanes.set(worker, new Lane(worker, progress))
    this.#inTurn = [...this.#lanes.values()]
  }

  add(work: Work): void {
    this.#queue.push(work)
    this.#waiting++
  }

  /** A message ended, wherever it is. */
  over(work: Work): void {
    work.isOver = true
    if (!work.isLeased) this.#waiting--
  }

  /** The next message and its worker, who has it from now on; undefined if none can be given. */
  next(): { readonly lane: Lane; readonly work: Work } | undefined {
    const found = this.#closing > 0 ? undefined : (this.#nextParked() ?? this.#nextQueued())
    if (!found) return undefined
    this.#waiting--
    found.lane.give(found.work)
    return found
  }

  /** The worker is done with a message; undefined if it did not have it. */
  release(worker: string, id: string): Work | undefined {
    const work = this.#lanes.get(worker)?.release(id)
    if (work) this.#unpin(work)
    return work
  }

  /**
   * Takes a worker away. `again` says of each message it had begun whether it waits again; those it
   * had not begun do so in any case, and so does what was parked with it. All keep their order.
   */
  close(worker: string, again: (left: Left) => boolean): void {
    const lane = this.#lanes.get(worker)
    if (!lane) return
    this.#lanes.delete(worker)
    this.#inTurn = [...this.#lanes.values()]
    this.#parkedIn.delete(lane)
    const all = lane.takeAll()
    for (const { work } of all) this.#unpin(work)
    const parked = this.#unpark(lane)
    const back: Work[] = []
    this.#closing++ // what `again` has begin must not overtake those of its line that wait again
    try {
      for (const left of all)
        if (!left.work.isOver && (left.stage === 'waiting' || again(left)))
          back.push(this.#waits(left.work))
    } finally {
      this.#closing--
      const later = drained(this.#again) // of their line these are older than what waits again already
      for (const work of [...back, ...parked, ...later]) this.#again.push(work)
    }
  }

  /** Everything that waits, for its end. */
  takeWaiting(): Work[] {
    const parked = [...this.#lanes.values()].flatMap((lane) => this.#unpark(lane))
    return [...parked, ...drained(this.#again), ...drained(this.#queue)]
  }

  #waits(work: Work): Work {
    work.isLeased = false
    this.#waiting++
    return work
  }

  #nextParked(): { lane: Lane; work: Work } | undefined {
    for (const lane of this.#parkedIn) {
      while (lane.parked.length > 0 && this.#hasRoom(lane)) {
        const work = lane.parked.shift() as Work
        if (!work.isOver) return { lane, work }
        this.#unpin(work)
      }
      if (lane.parked.length === 0) this.#parkedIn.delete(lane)
    }
    return undefined
  }

  #nextQueued(): { lane: Lane; work: Work } | undefined {
    for (let from = this.#front(); from; from = this.#front()) {
      const work = from.peek() as Work
      const pinned = this.#pinned(work)
      const lane = pinned ?? this.#choose()
      if (!lane) return undefined
      from.shift()
      this.#pin(work, lane)
      if (!pinned || this.#hasRoom(lane)) return { lane, work }
      lane.parked.push(work)
      this.#parkedIn.add(lane)
    }
    return undefined
  }

  /** The queue whose first message is next; those that ended are forgotten on the way. */
  #front(): Fifo<Work> | undefined {
    for (const queue of [this.#again, this.#queue]) {
      while (queue.peek()?.isOver) queue.shift()
      if (queue.length > 0) return queue
    }
    return undefined
  }

  /** Of lanes that are equal the one whose turn it is. */
  #choose(): Lane | undefined {
    const lanes = this.#inTurn
    let best: Lane | undefined
    let at = 0
    for (let i = 0; i < lanes.length; i++) {
      const index = (this.#turn + i) % lanes.length
      const lane = lanes[index] as Lane
      if (!this.#hasRoom(lane) || (best && best.load <= lane.load)) continue
      best = lane
      at = index
      if (this.#order === 'round-robin') break
    }
    if (best) this.#turn = at + 1
    return best
  }

  #hasRoom(lane: Lane): boolean {
    return lane.isOpen && lane.load < this.#capacity
  }

  #pinned({ line }: Work): Lane | undefined {
    const lane = this.#pins.get(line)?.lane
    return lane && this.#lanes.get(lane.worker) === lane ? lane : undefined
  }

  #pin({ line }: Work, lane: Lane): void {
    if (line === '') return
    const pin = this.#pins.get(line)
    if (pin?.lane === lane) pin.count++
    else this.#pins.set(line, { lane, count: 1 })
  }

  #unpin({ line }: Work): void {
    const pin = this.#pins.get(line)
    if (pin && --pin.count === 0) this.#pins.delete(line)
  }

  #unpark({ parked }: Lane): Work[] {
    const works: Work[] = []
    for (let work = parked.shift(); work; work = parked.shift()) {
      this.#unpin(work)
      if (!work.isOver) works.push(work)
    }
    return works
  }
}

function drained(queue: Fifo<Work>): Work[] {
  const works: Work[] = []
  for (let work = queue.shift(); work; work = queue.shift()) if (!work.isOver) works.push(work)
  return works
}
