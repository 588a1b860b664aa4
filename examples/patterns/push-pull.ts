// PUSH and PULL: work goes round the pullers, results come back to one sink.
// Nothing is lost on the way: a PUSH without room waits.
//
//   ventilator (PUSH) --+--> worker 0 (PULL | PUSH) --+--> sink (PULL)
//                       '--> worker 1 (PULL | PUSH) --'

import { Pull, Push } from 'zmanager'

const ventilator = new Push()
const sink = new Pull()
await sink.bind('inproc://results')

const workers = [0, 1].map(() => ({ tasks: new Pull(), results: new Push() }))
for (const [number, { tasks, results }] of workers.entries()) {
  await tasks.bind(`inproc://tasks-${number}`)
  ventilator.connect(`inproc://tasks-${number}`)
  results.connect('inproc://results')
  void work(number, tasks, results)
}

async function work(number: number, tasks: Pull, results: Push): Promise<void> {
  for await (const [task] of tasks) await results.send(`worker ${number}: ${Number(task) ** 2}`)
}

for (const task of [1, 2, 3, 4]) await ventilator.send(task)
const results: string[] = []
while (results.length < 4) results.push(String(await sink.receive()))
for (const result of results.sort()) console.log(result)
// prints: worker 0: 1
// prints: worker 0: 9
// prints: worker 1: 16
// prints: worker 1: 4

const sockets = [ventilator, sink, ...workers.flatMap(({ tasks, results }) => [tasks, results])]
await Promise.all(sockets.map((socket) => socket.close()))
