// The name of a piece of work: `Sender?Context@Decorator?Action`, a frozen value.
// Knows its own text grammar and comparison rules; must not know flows, mappings or the wire.
// Source: DigitalPy's ActionKey, read strictly (nothing is skipped without an error).
import { ZmqError } from '../core/errors.ts'

/** The parts of a key. An empty part means "absent" in a message and "any" in a pattern. */
export interface KeyFields {
  readonly sender: string
  readonly context: string
  readonly decorator: string
  readonly action: string
  /** Name of the flow that owns the key; not part of the key's text. */
  readonly flow: string
}

const FIELD = '[\\p{L}\\p{M}\\p{N}_^-]*'
const LEGAL_FIELD = new RegExp(`^${FIELD}$`, 'u')
const ILLEGAL_IN_FLOW = /[~\p{Cc}\p{Cs}]/u
const KEY_TEXT = new RegExp(`^(${FIELD})\\?(${FIELD})(?:@(${FIELD}))?\\?(${FIELD})(?=$|\\s|=)`, 'u')
const NAMES = ['sender', 'context', 'decorator', 'action', 'flow'] as const

/** One key. Safe to share: it is frozen, and every change makes a new one. */
export class ActionKey implements KeyFields {
  readonly sender: string
  readonly context: string
  readonly decorator: string
  readonly action: string
  readonly flow: string

  private constructor(fields: Partial<KeyFields>) {
    this.sender = fields.sender ?? ''
    this.context = fields.context ?? ''
    this.decorator = fields.decorator ?? ''
    this.action = fields.action ?? ''
    this.flow = fields.flow ?? ''
    Object.freeze(this)
  }

  /**
   * Reads a key from the start of a text. After the action may come nothing, a blank and any
   * comment, or `=` and a target; comment and target are ignored, and the key has no flow.
   * Throws EINVAL for anything else, a blank before the key included.
   */
  static parse(text: string): ActionKey {
    const match = KEY_TEXT.exec(text)
    if (!match) throw new ZmqError('EINVAL', complaint(text))
    const [, sender, context, decorator, action] = match
    return new ActionKey({ sender, context, decorator, action })
  }

  /** Absent fields become ''. Throws EINVAL for a character that no key may carry. */
  static of(fields: Partial<KeyFields>): ActionKey {
    const key = new ActionKey(fields)
    for (const name of NAMES) checkField(name, key[name])
    return key
  }

  /** A copy with some fields replaced; '' clears one. Throws EINVAL as `of` does. */
  with(fields: Partial<KeyFields>): ActionKey {
    return ActionKey.of({ ...this, ...fields })
  }

  /** Whether this key is one the pattern asks for. One way: only the pattern's gaps are wild. */
  matches(pattern: ActionKey): boolean {
    return NAMES.every((name) => pattern[name] === '' || pattern[name] === this[name])
  }

  /** Whether every field is the same, the flow included. */
  equals(other: ActionKey): boolean {
    return NAMES.every((name) => this[name] === other[name])
  }

  /** The text that `parse` reads back. The flow is not part of it. */
  toString(): string {
    return formatKey(this.sender, this.context, this.decorator, this.action)
  }
}

/** The text of a key made of these parts, unchecked. */
export function formatKey(
  sender: string,
  context: string,
  decorator: string,
  action: string,
): string {
  return `${sender}?${context}${decorator === '' ? '' : `@${decorator}`}?${action}`
}

/** Whether a key's text has an `@` with no decorator behind it: legal, but probably a slip. */
export function hasEmptyDecorator(text: string): boolean {
  return /^[^?@]*\?[^?@]*@\?/.test(text)
}

function checkField(name: keyof KeyFields, value: unknown): void {
  if (typeof value !== 'string') {
    throw new ZmqError('EINVAL', `The ${name} of an action key must be a string: use '' for none`)
  }
  if (name === 'flow' ? !ILLEGAL_IN_FLOW.test(value) : LEGAL_FIELD.test(value)) return
  const rule =
    name === 'flow'
      ? 'avoid "~" and control characters'
      : 'use letters, digits, "_", "^" and "-" only'
  throw new ZmqError('EINVAL', `${JSON.stringify(value)} cannot be the ${name} of a key: ${rule}`)
}

function complaint(text: string): string {
  const start = JSON.stringify(text.slice(0, 80))
  return `${start} is not an action key: write Sender?Context@Decorator?Action, each part optional`
}
