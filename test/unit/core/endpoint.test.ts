// Endpoint text: what parses to what, and what is refused with which words.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  formatHostPort,
  parseEndpoint,
  parseHostPort,
  readHostPort,
} from '../../../src/core/endpoint.ts'
import { ZmqError } from '../../../src/core/errors.ts'

function refusal(call: () => unknown): ZmqError {
  try {
    call()
  } catch (error) {
    assert.instance(error, ZmqError)
    return error as ZmqError
  }
  throw new Error('was accepted')
}

test('scheme and address are taken apart; the scheme is lower case, the text stays', () => {
  for (const [text, scheme, address] of [
    ['inproc://name', 'inproc', 'name'],
    ['IPC:///tmp/x.sock', 'ipc', '/tmp/x.sock'],
    ['ipc://@abstract', 'ipc', '@abstract'],
    ['tcp://[::1]:5555', 'tcp', '[::1]:5555'],
    ['ws://host:80/a?b://c', 'ws', 'host:80/a?b://c'],
    ['my.own+x-1://a', 'my.own+x-1', 'a'],
  ] as const) {
    assert.equal(parseEndpoint(text), { scheme, address, text })
  }
})

test('what is not scheme://address is refused with EINVAL and an example', () => {
  for (const text of ['', 'name', 'tcp:', 'tcp://', '://x', '1tcp://x', 'tcp:/x', ' tcp://x']) {
    const { code, message, address } = refusal(() => parseEndpoint(text))
    assert.is(code, 'EINVAL', text)
    assert.match(message, 'tcp://127.0.0.1:5555')
    assert.is(address, text)
  }
  assert.match(refusal(() => parseEndpoint(7 as never)).message, 'not number')
  assert.is(refusal(() => parseEndpoint(undefined as never)).code, 'EINVAL')
})

test('host, port and path', () => {
  for (const [address, use, host, port, path] of [
    ['127.0.0.1:5555', 'connect', '127.0.0.1', 5555, ''],
    ['localhost:1', 'connect', 'localhost', 1, ''],
    ['[::1]:65535', 'connect', '::1', 65535, ''],
    ['::1:80', 'connect', '::1', 80, ''],
    ['host:80/chat/room', 'connect', 'host', 80, '/chat/room'],
    ['host:80/a:b', 'bind', 'host', 80, '/a:b'],
    ['*:5555', 'bind', '*', 5555, ''],
    ['127.0.0.1:*', 'bind', '127.0.0.1', 0, ''],
    ['*:*', 'bind', '*', 0, ''],
    ['[::]:0', 'bind', '::', 0, ''],
    ['[1.2.3.4]:5', 'connect', '1.2.3.4', 5, ''],
    ['[some.host]:5', 'connect', 'some.host', 5, ''],
    ['[fe80::1%eth0]:5', 'connect', 'fe80::1%eth0', 5, ''],
    ['fe80::1%2:5', 'connect', 'fe80::1%2', 5, ''],
    ['[::ffff:1.2.3.4]:5', 'bind', '::ffff:1.2.3.4', 5, ''],
    ['eth0:5', 'bind', 'eth0', 5, ''],
    ['0.0.0.0:65535', 'bind', '0.0.0.0', 65535, ''],
  ] as const) {
    assert.equal(parseHostPort(parseEndpoint(`tcp://${address}`), use), { host, port, path })
  }
})

test('a malformed host or port is refused with EINVAL and the reason', () => {
  for (const [address, use, reason] of [
    ['localhost', 'connect', /port is missing/],
    ['host/path', 'connect', /port is missing/],
    [':80', 'connect', /host is missing or malformed/],
    ['[]:80', 'connect', /host is missing or malformed/],
    ['[::1:80', 'connect', /host is missing or malformed/],
    ['::1]:80', 'connect', /host is missing or malformed/],
    ['[[::1]]:80', 'connect', /host is missing or malformed/],
    ['a b:80', 'connect', /host is missing or malformed/],
    ['[1.2.3].4:80', 'connect', /host is missing or malformed/],
    ['[1.2.3.4:80]', 'connect', /host is missing or malformed/],
    ['[1.2.3.4:80', 'connect', /host is missing or malformed/],
    ['[::1]%lo:80', 'connect', /host is missing or malformed/],
    ['::1%0:80', 'connect', /host is missing or malformed/],
    ['::1%:80', 'connect', /host is missing or malformed/],
    ['::1%a%b:80', 'connect', /host is missing or malformed/],
    ['%lo:80', 'connect', /host is missing or malformed/],
    ['name%lo:80', 'connect', /host is missing or malformed/],
    ['1.2.3.4%lo:80', 'connect', /host is missing or malformed/],
    ['1::2::3:80', 'connect', /host is missing or malformed/],
    ['a:b:80', 'connect', /host is missing or malformed/],
    ['host:567bad', 'connect', /'567bad' is not a port/],
    ['host:0x50', 'connect', /'0x50' is not a port/],
    ['host:', 'connect', /'' is not a port/],
    ['host:http', 'connect', /'http' is not a port/],
    ['host:-1', 'connect', /'-1' is not a port/],
    ['host:1.5', 'connect', /'1.5' is not a port/],
    ['host:65536', 'bind', /65536 is over 65535/],
    ['*:80', 'connect', /not \*/],
    ['host:0', 'connect', /needs a port number/],
    ['host:*', 'connect', /needs a port number/],
  ] as const) {
    const text = `tcp://${address}`
    const error = refusal(() => parseHostPort(parseEndpoint(text), use))
    assert.is(error.code, 'EINVAL', address)
    assert.match(error.message, reason)
    assert.is(error.address, text)
  }
})

test('connect may say from where', () => {
  const to = { host: 'host', port: 80, path: '' }
  for (const [address, source] of [
    ['127.0.0.1:0;host:80', { host: '127.0.0.1', port: 0 }],
    ['127.0.0.1:*;host:80', { host: '127.0.0.1', port: 0 }],
    ['*:5555;host:80', { host: '*', port: 5555 }],
    ['*:*;host:80', { host: '*', port: 0 }],
    ['[::1]:5555;host:80', { host: '::1', port: 5555 }],
    ['[fe80::1%lo]:0;host:80', { host: 'fe80::1%lo', port: 0 }],
    ['eth0:0;host:80', { host: 'eth0', port: 0 }],
  ] as const)
    assert.equal(parseHostPort(parseEndpoint(`tcp://${address}`), 'connect'), { ...to, source })
  const both = parseHostPort(parseEndpoint('ws://[::1]:0;[::2]:80/a;b:c'), 'connect')
  assert.equal(both, { host: '::2', port: 80, path: '/a;b:c', source: { host: '::1', port: 0 } })
  for (const [address, use, reason] of [
    ['127.0.0.1:0;host:80', 'bind', /source address.* is for connect/],
    ['127.0.0.1;host:80', 'connect', /port is missing/],
    [':0;host:80', 'connect', /host is missing or malformed/],
    [';host:80', 'connect', /port is missing/],
    ['127.0.0.1:0;', 'connect', /port is missing/],
    ['127.0.0.1:0;host', 'connect', /port is missing/],
    ['127.0.0.1:0;*:80', 'connect', /not \*/],
    ['127.0.0.1:0;host:0', 'connect', /needs a port number/],
    ['127.0.0.1:x;host:80', 'connect', /'x' is not a port/],
    ['a:0;b:0;host:80', 'connect', /host is missing or malformed/],
  ] as const) {
    const error = refusal(() => parseHostPort(parseEndpoint(`tcp://${address}`), use))
    assert.match(error.message, reason, address)
    assert.match(error.message, address)
  }
})

test('host:port without an endpoint', () => {
  assert.equal(readHostPort('host:1080', 'connect'), { host: 'host', port: 1080 })
  assert.type(readHostPort('host', 'connect'), 'string')
})

test('formatting puts IPv6 in brackets, and parses back', () => {
  assert.is(formatHostPort('tcp', '::1', 80), 'tcp://[::1]:80')
  assert.is(formatHostPort('ws', 'host', 80, '/p'), 'ws://host:80/p')
  const parsed = parseHostPort(parseEndpoint(formatHostPort('tcp', 'fe80::1', 9, '/x')), 'connect')
  assert.equal(parsed, { host: 'fe80::1', port: 9, path: '/x' })
})

test.run()
