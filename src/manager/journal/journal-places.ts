// Where in a journal the records are that are still needed, by id: of live messages, or of letters.
// Places and no frames, so that memory does not grow with the messages.

import { ZmqError } from '../../core/errors.ts'

export const LOST = -2

export interface Place {
  /** Of the newest record in the file; -1: not there yet; LOST: it could not be written. */
  offset: number
  /** Bytes of that record. */
  size: number
  /** Offset of the record that has its place in the order; at first the same one. */
  first: number
  /** Of a letter on its way to the file: messages of its id that it ends, which are kept until then. */
  ends?: readonly Place[] | undefined
}

/** Where a compaction put a record: from the old file to the new one, whose order `first` is in. */
export interface Move {
  readonly from: number
  readonly to: number
  readonly first: number
}

export class Places {
  /** In order. */
  readonly byId: Map<string, Place>
  /** Of the records in the file. */
  bytes = 0

  constructor(byId: Map<string, Place>) {
    this.byId = byId
    for (const { size } of byId.values()) this.bytes += size
  }

  /** For a record that is on its way to the file; there is none of this id. */
  add(id: string, size: number, ends?: readonly Place[]): Place {
    const place: Place = { offset: -1, size, first: -1, ends }
    this.byId.set(id, place)
    return place
  }

  /** A record of this place is in the file. */
  written(id: string, place: Place, offset: number, size: number): void {
    const isNew = place.offset < 0
    if (this.byId.get(id) === place) this.bytes += isNew ? size : size - place.size
    if (isNew) place.first = offset
    place.offset = offset
    place.size = size
    if (place.ends) place.ends = undefined
  }

  /** False if there is none. */
  drop(id: string): boolean {
    const place = this.byId.get(id)
    if (!place) return false
    this.byId.delete(id)
    if (place.offset >= 0) this.bytes -= place.size
    return true
  }

  /** Throws EIO if a record that is needed was not moved: it cannot be read any more. */
  checkMoved(moved: ReadonlyMap<string, Move>): void {
    for (const [id, { offset }] of this.byId) {
      if (offset < 0 || moved.get(id)?.from === offset) continue
      throw new ZmqError('EIO', `the record at ${offset}, of the live message ${id}, is damaged`)
    }
  }

  /** The records are where a compaction put them. */
  move(moved: ReadonlyMap<string, Move>): void {
    for (const [id, move] of moved) moveTo(this.byId.get(id), move)
  }

  /** So are those of messages whose letters are on their way. */
  moveEnds(moved: ReadonlyMap<string, Move>): void {
    for (const [id, { ends = [] }] of this.byId)
      for (const place of ends) moveTo(place, moved.get(id))
  }
}

function moveTo(place: Place | undefined, move: Move | undefined): void {
  if (!place || !move || move.from < 0 || place.offset !== move.from) return
  place.offset = move.to
  place.first = move.first
}
