// The result of a throughput tool, in the words of libzmq's local_thr (but MB/s, not Mb/s).

export function printThroughput(size: number, count: number, seconds: number): void {
  const rate = count / seconds
  console.log(`message size: ${size} [B]`)
  console.log(`message count: ${count}`)
  console.log(`mean throughput: ${Math.round(rate)} [msg/s]`)
  console.log(`mean throughput: ${((rate * size) / 1e6).toFixed(3)} [MB/s]`)
}
