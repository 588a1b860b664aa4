// Random action keys for the property tests of topics and flows.
import fc from 'fast-check'
import { ActionKey } from '../../../src/topic/action-key.ts'

const letters = [...'abzAZ059_^-', 'é', 'ß', 'Ж', '名', '٣', '𝒳']

/** A part of a key, often empty. */
export const anyField: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...letters), { maxLength: 4 })
  .map((parts) => parts.join(''))

export const anyFlowName: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', maxLength: 6 })
  .filter((name) => !/[~\p{Cc}\p{Cs}]/u.test(name))

/** A key without a flow. */
export const anyKey: fc.Arbitrary<ActionKey> = fc
  .record({ sender: anyField, context: anyField, decorator: anyField, action: anyField })
  .map((fields) => ActionKey.of(fields))

export const anyOwnedKey: fc.Arbitrary<ActionKey> = fc
  .tuple(anyKey, anyFlowName)
  .map(([key, flow]) => key.with({ flow }))
