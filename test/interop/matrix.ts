// A test per pair, way and role against one foreign library, in one process of it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { within } from '../support/index.ts'
import {
  ours as asOurs,
  theirs as asTheirs,
  forThem,
  forUs,
  unknown,
  type Way,
} from './addresses.ts'
import { converse } from './conversations.ts'
import { ForeignPeer, type ForeignSocket, type Library, missing } from './foreign-peer.ts'
import { OurSide } from './our-side.ts'
import { nameOf, type Pair } from './pairs.ts'
import { Table } from './table.ts'

const TEST_MS = 10_000
/** After so many failures a column is given up, so that the file ends in time. */
const MOST_FAILURES = 3

export interface Matrix {
  readonly library: Library
  readonly pairs: readonly Pair[]
  readonly ways: readonly Way[]
  /** Why the library itself cannot do this. */
  cannot?(pair: Pair, way: Way, role: Role): string | undefined
}

/** What we do: bind or connect. */
export type Role = 'bind' | 'connect'

interface Cell {
  readonly pair: Pair
  readonly way: Way
  readonly role: Role
}

const columnOf = ({ way, role }: Cell): string => `${way} ${role}`

/** INTEROP_OVER=ipc,ws plays only these ways. */
const only = process.env['INTEROP_OVER']?.split(',')

function cellsOf({ pairs, ways: all }: Matrix): Cell[] {
  const ways = all.filter((way) => only?.includes(way) ?? true)
  const roles: readonly Role[] = ['bind', 'connect']
  return pairs.flatMap((pair) => ways.flatMap((way) => roles.map((role) => ({ pair, way, role }))))
}

async function meet({ way, role }: Cell, ours: OurSide, theirs: ForeignSocket): Promise<void> {
  const { socket } = ours
  if (role === 'bind') {
    await socket.bind(forUs(way))
    await theirs.connect(asTheirs(way, socket.lastEndpoint as string))
  } else socket.connect(asOurs(way, await theirs.bind(forThem(way))))
}

async function play(cell: Cell, peer: ForeignPeer): Promise<void> {
  const { pair } = cell
  const ours = new OurSide(pair.ours, pair.ourOptions)
  const talk = async (): Promise<void> => {
    const theirs = await peer.open(pair.theirs, pair.theirOptions)
    await meet(cell, ours, theirs)
    await converse(pair, ours, theirs)
  }
  try {
    await within(TEST_MS, talk(), 'the conversation')
  } finally {
    await within(TEST_MS, Promise.all([ours.socket.close(), peer.reset()]), 'the end')
  }
}

/** Declares the tests and runs them; the table follows. */
export async function runMatrix(matrix: Matrix): Promise<void> {
  const { library } = matrix
  const cells = cellsOf(matrix)
  const test = suite(`interop: ${library}`)
  const table = new Table(library, [...new Set(cells.map(columnOf))])
  const absent = await missing(library)
  let peer: ForeignPeer | undefined
  test.before.each(async () => {
    peer ??= absent ? undefined : await ForeignPeer.start(library)
    if (peer) table.entitle(peer.version)
  })
  for (const cell of cells) {
    const { pair, way, role } = cell
    const [row, column] = [nameOf(pair), columnOf(cell)]
    const reason = absent ?? unknown(way) ?? matrix.cannot?.(pair, way, role)
    if (reason !== undefined) table.skip(row, column, reason)
    else
      test(`${row} over ${way}, we ${role}`, async () => {
        assert.ok(table.failures(column) < MOST_FAILURES, `${column} was given up`)
        table.set(row, column, 'FAILS')
        const used = peer as ForeignPeer
        peer = undefined // what a failure leaves behind is of no use
        await play(cell, used).catch(async (error) => {
          await used.kill()
          throw error
        })
        peer = used
        table.set(row, column, 'ok')
      })
  }
  if (absent) test(absent, () => {}) // a file without tests would be a mistake
  test.after(async () => {
    table.publish()
    await peer?.kill()
  })
  test.run()
}
