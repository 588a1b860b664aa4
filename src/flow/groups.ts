// Parallel groups: ranges of steps that all run from the same values and are joined after the last.
// Steps keep their index, so a position means the same in a group as outside.
import { ZmqError } from '../core/errors.ts'
import type { ActionKey } from '../topic/action-key.ts'

/** The steps from `first` to before `end`, at least two. */
export interface Group {
  readonly first: number
  readonly end: number
}

/** The groups that marked steps form: each longest run of two or more marks. */
export function groupsOf(marks: readonly boolean[]): Group[] {
  const groups: Group[] = []
  for (let first = 0; first < marks.length; first++) {
    if (!marks[first]) continue
    let end = first
    while (marks[end]) end++
    if (end - first > 1) groups.push({ first, end })
    first = end
  }
  return groups
}

/** The group that a step is in, if any. */
export function groupAt(groups: readonly Group[], step: number): Group | undefined {
  return groups.find(({ first, end }) => step >= first && step < end)
}

/** Whether a step may be in a group: not one that begins or ends a flow. */
export function mayBeParallel(key: ActionKey): boolean {
  return key.action !== 'Push' && key.action !== 'done'
}

/** Frozen copies. Throws EINVAL for a group of less than two steps, out of order, or with Push or done. */
export function checkedGroups(
  groups: readonly Group[],
  steps: readonly ActionKey[],
): readonly Group[] {
  let before = 0
  for (const { first, end } of groups) {
    const isRange = Number.isInteger(first) && Number.isInteger(end)
    if (!isRange || first < before || end - first < 2 || end > steps.length) {
      const rule = `use ranges of two or more of the ${steps.length} steps, one after the other`
      throw new ZmqError('EINVAL', `Steps ${first} to ${end} cannot be a parallel group: ${rule}`)
    }
    const marker = steps.slice(first, end).find((key) => !mayBeParallel(key))
    if (marker) throw new ZmqError('EINVAL', `${marker} cannot be in a group: take it out`)
    before = end
  }
  return Object.freeze(groups.map(({ first, end }) => Object.freeze({ first, end })))
}
