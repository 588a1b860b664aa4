// The action mapping: which target serves a key. Entries are patterns; the most specific wins.
// Must not know files, flows, or what a target is. Source: DigitalPy's lookup order, completed
// by decorated entries and the catch-all `??`.
import { type ActionKey, formatKey } from './action-key.ts'

/** One entry. Frozen, and its key never carries a flow. */
export interface ActionEntry<T = string> {
  readonly key: ActionKey
  readonly target: T
}

export interface ActionMapOptions {
  /** Compares keys without regard to case, as FreeTAKServer's mappings need. Default false. */
  readonly ignoreCase?: boolean
}

type Shape = { readonly sender: boolean; readonly context: boolean; readonly action: boolean }

// What an entry may spell out, tried from top to bottom; the last row is the catch-all `??`.
const ORDER: readonly Shape[] = [
  { sender: true, context: true, action: true },
  { sender: true, context: false, action: true },
  { sender: false, context: true, action: true },
  { sender: true, context: true, action: false },
  { sender: true, context: false, action: false },
  { sender: false, context: false, action: true },
  { sender: false, context: true, action: false },
  { sender: false, context: false, action: false },
]

/** Targets by key. */
export class ActionMap<T = string> {
  readonly #entries: Map<string, ActionEntry<T>> = new Map()
  readonly #ignoreCase: boolean

  constructor(options: ActionMapOptions = {}) {
    this.#ignoreCase = options.ignoreCase ?? false
  }

  /** Replaces an entry with the same parts. The key's flow is dropped. */
  set(key: ActionKey, target: T): void {
    const entry = Object.freeze({ key: key.with({ flow: '' }), target })
    this.#entries.set(this.#index(key.toString()), entry)
  }

  /** Whether an entry has exactly these parts; unlike `resolve`, no wildcards. */
  has(key: ActionKey): boolean {
    return this.#entries.has(this.#index(key.toString()))
  }

  /**
   * The most specific entry for a message's key: entries with its decorator first, then entries
   * without one. An entry is tried only if the key has every part that the entry spells out.
   */
  resolve(key: ActionKey): ActionEntry<T> | undefined {
    const decorated = key.decorator === '' ? undefined : this.#search(key, key.decorator)
    return decorated ?? this.#search(key, '')
  }

  /** All entries, in the order in which their keys were first set. */
  entries(): ActionEntry<T>[] {
    return [...this.#entries.values()]
  }

  #search(key: ActionKey, decorator: string): ActionEntry<T> | undefined {
    for (const shape of ORDER) {
      if (!fits(shape, key)) continue
      const entry = this.#entries.get(this.#index(candidate(shape, key, decorator)))
      if (entry) return entry
    }
    return undefined
  }

  #index(text: string): string {
    return this.#ignoreCase ? text.toLowerCase() : text
  }
}

function fits(shape: Shape, key: ActionKey): boolean {
  if (shape.sender && key.sender === '') return false
  if (shape.context && key.context === '') return false
  return !shape.action || key.action !== ''
}

function candidate(shape: Shape, key: ActionKey, decorator: string): string {
  return formatKey(
    shape.sender ? key.sender : '',
    shape.context ? key.context : '',
    decorator,
    shape.action ? key.action : '',
  )
}
