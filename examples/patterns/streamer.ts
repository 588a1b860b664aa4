// The streamer device: many pushers, many pullers, one address for each side. Paused, it lets its
// queues fill; nothing is lost. A capture socket gets a copy of all that passes.
//
//   pushers (PUSH) --> [ PULL | PUSH ] --> puller (PULL)
//                             '--copies--> watcher (PULL)

import { Device, Pull, Push } from 'zmanager'

const [front, back, capture] = [new Pull(), new Push(), new Push()]
await front.bind('inproc://in')
await back.bind('inproc://out')
await capture.bind('inproc://copies')
const streamer = Device.streamer(front, back, { capture })
const running = streamer.run()

const [push, pull, watcher] = [new Push(), new Pull(), new Pull()]
push.connect('inproc://in')
pull.connect('inproc://out')
watcher.connect('inproc://copies')

streamer.pause()
for (const text of ['a', 'b', 'c']) await push.send(text)
console.log('passed:', streamer.statistics().back.sent.messages) // prints: passed: 0
streamer.resume()
for (let i = 0; i < 3; i++) console.log(String(await pull.receive()))
// prints: a
// prints: b
// prints: c
console.log('watched:', String(await watcher.receive())) // prints: watched: a
console.log('passed:', streamer.statistics().back.sent.messages) // prints: passed: 3

await streamer.stop()
await running
const sockets = [front, back, capture, push, pull, watcher]
await Promise.all(sockets.map((socket) => socket.close()))
