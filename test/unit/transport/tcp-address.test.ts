// What a TCP bind listens on.
import { networkInterfaces } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEndpoint } from '../../../src/core/endpoint.ts'
import type { SocketOptions } from '../../../src/core/option-types.ts'
import { makeOptions } from '../../../src/core/options.ts'
import { boundEndpoint, listenOptions } from '../../../src/transport/node/tcp-address.ts'
import { hasIpv6 } from '../../support/tcp-server.ts'

function place(address: string, options: SocketOptions = {}): ReturnType<typeof listenOptions> {
  return listenOptions(parseEndpoint(`tcp://${address}`), makeOptions('PULL', options))
}

async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => assert.unreachable('resolved'),
    (error) => error,
  )
}

test('the wildcard is IPv4, and with ipv6 both families', async () => {
  assert.equal(await place('*:0'), { host: '0.0.0.0', port: 0, backlog: 100 })
  assert.equal(await place('*:*', { backlog: 7 }), { host: '0.0.0.0', port: 0, backlog: 7 })
  const both = await place('*:80', { ipv6: true })
  assert.equal(both, { host: hasIpv6 ? '::' : '0.0.0.0', port: 80, backlog: 100 })
})

test('addresses stay as they are, whatever ipv6 says', async () => {
  for (const ipv6 of [false, true]) {
    for (const [written, host] of [
      ['127.0.0.1', '127.0.0.1'],
      ['[::1]', '::1'],
      ['[fe80::1%lo]', 'fe80::1%lo'],
      ['[::]', '::'],
    ])
      assert.is((await place(`${written}:80`, { ipv6 })).host, host)
  }
})

test('localhost is IPv4 unless ipv6 is on', async () => {
  assert.is((await place('localhost:80')).host, '127.0.0.1')
  assert.match((await place('localhost:80', { ipv6: true })).host, /^(127\.0\.0\.1|::1)$/)
})

test('an interface stands for its address', async () => {
  const [name, own] = Object.entries(networkInterfaces()).find(([, all]) =>
    all?.some(({ address }) => address === '127.0.0.1'),
  ) as [string, NonNullable<ReturnType<typeof networkInterfaces>[string]>]
  assert.is((await place(`${name}:80`)).host, '127.0.0.1')
  const six = own.some(({ address }) => address === '::1') ? '::1' : '127.0.0.1'
  assert.is((await place(`${name}:80`, { ipv6: true })).host, six)
})

test('an interface with several IPv6 addresses: not the link-local one', async () => {
  for (const [name, all = []] of Object.entries(networkInterfaces())) {
    const sixes = all.filter(({ family }) => family === 'IPv6').map(({ address }) => address)
    if (sixes.length === 0) continue
    const { host } = await place(`${name}:80`, { ipv6: true })
    const good = sixes.filter((address) => !address.startsWith('fe80'))
    if (good.length > 0) assert.ok(good.includes(host))
    else assert.is(host, `${sixes[0]}%${name}`)
  }
})

test('a host nobody knows is ENODEV, a malformed one EINVAL', async () => {
  const { code, message } = await failure(place('no-such-host.invalid:80'))
  assert.is(code, 'ENODEV')
  assert.match(message, /no network interface or host is called no-such-host\.invalid/)
  assert.is((await failure(place('host'))).code, 'EINVAL')
  assert.is((await failure(place('lo:0;127.0.0.1:80'))).code, 'EINVAL')
})

test('the bound endpoint: brackets for IPv6, the path if there is one', () => {
  assert.is(boundEndpoint('tcp', { address: '0.0.0.0', port: 80 }), 'tcp://0.0.0.0:80')
  assert.is(boundEndpoint('tcp', { address: '::', port: 80 }, ''), 'tcp://[::]:80')
  assert.is(boundEndpoint('ws', { address: '::1', port: 80 }, '/p'), 'ws://[::1]:80/p')
})

test.run()
