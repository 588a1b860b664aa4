// Finds in a value what a format cannot carry, and where. What the format is, the caller knows.

/** What cannot be carried; undefined for what can be, as far as is seen from outside. */
export type Unfit = (value: unknown) => string | undefined

export interface Misfit {
  readonly what: string
  /** `.name` and `[index]`, from the outside in. */
  readonly path: string
}

/** Arrays and objects within each other. */
export const DEEPEST = 1000
const LONGEST_PATH = 200

/** Says what is wrong with a value and where, in a sentence without a subject; undefined if nothing is. */
export function misfitIn(value: unknown, unfit: Unfit): string | undefined {
  const found = find(value, unfit, [])
  if (!found) return undefined
  const { what, path } = found
  const shown = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}...` : path
  return `cannot carry ${what} (at values${shown})`
}

/** `above` are the objects that the value is in. */
function find(value: unknown, unfit: Unfit, above: object[]): Misfit | undefined {
  const what = unfit(value)
  if (what !== undefined) return { what, path: '' }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
  if (above.includes(value)) return { what: 'an object that is inside itself', path: '' }
  if (above.length === DEEPEST) return { what: `more than ${DEEPEST} levels`, path: '' }
  above.push(value)
  const found = findInside(value, unfit, above)
  above.pop()
  return found
}

function findInside(value: object, unfit: Unfit, above: object[]): Misfit | undefined {
  if (value instanceof Date) return undefined
  if (hasToJson(value)) return find((value as Date).toJSON(), unfit, above)
  if (Array.isArray(value) || value instanceof Set) {
    let index = 0
    for (const part of value) {
      const found = find(part, unfit, above)
      if (found) return { ...found, path: `[${index}]${found.path}` }
      index++
    }
    return undefined
  }
  for (const [name, part] of value instanceof Map ? value : Object.entries(value)) {
    const found = part === undefined ? undefined : find(part, unfit, above)
    if (found) return { ...found, path: `.${name}${found.path}` }
  }
  return undefined
}

/** What a value is, by its tag: 'Array', 'Map', 'Uint8Array', 'Error' ... */
export function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** Whether it says itself what is to be written of it. */
export function hasToJson(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
}
