// What subscribers and DISHes ask for, as messages of a pipe and as commands; frames put together.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Multipart } from '../../../src/wire/multipart.ts'
import { GROUPS, SUBSCRIPTIONS, wishCommand, wishMessage } from '../../../src/wire/wishes.ts'
import { decodeCommand, encodeCommand } from '../../../src/wire/zmtp/command.ts'
import { bytes, fromHex, message, text, toHex } from '../../support/texts.ts'

test('a wish is a command and a message again, for those who publish', () => {
  for (const [names, publishers, others] of [
    [SUBSCRIPTIONS, ['PUB', 'XPUB'], ['RADIO', 'SUB', 'PULL']],
    [GROUPS, ['RADIO'], ['PUB', 'XPUB', 'DISH', 'PULL']],
  ] as const)
    for (const [first, name] of names.entries()) {
      const sent = [Uint8Array.of(first, 65)]
      const command = decodeCommand(wishCommand(sent, names) as Uint8Array)
      assert.equal([command?.name, toHex(command?.data as Uint8Array)], [name, '41'])
      for (const type of publishers)
        assert.is(toHex(...(wishMessage(command as never, type) ?? [])), `0${first}41`)
      for (const type of others) assert.is(wishMessage(command as never, type), undefined)
    }
})

test('messages of several frames, and those that begin with neither 0 nor 1, are no wishes', () => {
  for (const one of [message('\x01a', 'b'), message(''), message('\x02'), message('a')])
    assert.is(wishCommand(one, SUBSCRIPTIONS), undefined)
})

test('other commands are no wishes', () => {
  for (const name of ['PING', 'READY', 'toString', 'subscribe']) {
    const command = decodeCommand(encodeCommand(name, fromHex('41')))
    assert.is(wishMessage(command as never, 'XPUB'), undefined)
  }
})

test('frames are put together to messages, one after the other', () => {
  const multipart = new Multipart()
  assert.is(text(multipart.last(bytes('a'))), 'a')
  multipart.more(bytes('b'))
  multipart.more(bytes('c'))
  assert.is(text(multipart.last(bytes('d'))), 'b|c|d')
  assert.is(text(multipart.last(bytes('e'))), 'e')
})

test.run()
