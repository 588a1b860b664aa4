// Who gets colour: a terminal, unless NO_COLOR or a dumb terminal says otherwise.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { paintFor } from '../../src/cli/colour.ts'

test('a terminal gets colour, everything else plain text', () => {
  assert.is(paintFor({ isTTY: true }, {})('red', 'x'), '\u001b[31mx\u001b[39m')
  assert.is(paintFor({ isTTY: true }, { NO_COLOR: '' })('dim', 'x'), '\u001b[2mx\u001b[22m')
  assert.is(paintFor({ isTTY: false }, {})('red', 'x'), 'x')
  assert.is(paintFor({}, {})('yellow', 'x'), 'x')
  assert.is(paintFor({ isTTY: true }, { NO_COLOR: '1' })('red', 'x'), 'x')
  assert.is(paintFor({ isTTY: true }, { TERM: 'dumb' })('red', 'x'), 'x')
})

test.run()
