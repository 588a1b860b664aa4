// Numbers of 32 bits in network order, byte by byte: a DataView would have to be made for each.

export function readUint32(bytes: Uint8Array, at: number): number {
  let number = 0
  for (let i = at; i < at + 4; i++) number = number * 256 + (bytes[i] as number)
  return number
}

export function writeUint32(bytes: Uint8Array, at: number, number: number): void {
  bytes[at] = number >>> 24
  bytes[at + 1] = number >>> 16
  bytes[at + 2] = number >>> 8
  bytes[at + 3] = number
}
