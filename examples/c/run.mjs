// The page's part: `node run.mjs MODULE`.

import { readFileSync } from 'node:fs'

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]))
const c = instance.exports

// Memory may have grown since, so each look at it is a new one.
const bytes = (start, length) => new Uint8Array(c.memory.buffer, start >>> 0, length)

function text(start) {
  const rest = bytes(start, c.memory.buffer.byteLength - (start >>> 0))
  return new TextDecoder().decode(rest.subarray(0, rest.indexOf(0)))
}

function result() {
  const [start, length] = new Uint32Array(c.memory.buffer, c.result_at(), 2)
  return bytes(start, length)
}

function pack(picture) {
  const room = c.begin(picture.length)
  if (room === 0) throw new Error(text(c.message()))
  bytes(room, picture.length).set(picture)
  if (c.pack(room, picture.length) === 0) throw new Error(text(c.message()))
  return result().slice()
}

const picture = new Uint8Array(50_000).map((_, at) => (at / 100) & 7)
let packed
let pages
for (let turn = 0; turn < 1000; turn += 1) {
  packed = pack(picture)
  pages ??= c.memory.buffer.byteLength / 65536
}
console.log(`1000 pictures of ${picture.length} bytes, ${packed.length} packed`)
console.log(`pages of memory after the first: ${pages}, after the last: ${c.memory.buffer.byteLength / 65536}`)
if (c.memory.buffer.byteLength / 65536 !== pages || packed.length !== 1000) throw new Error('not as it should be')

// What does not fit is refused, with a reason, and the module goes on.
try {
  pack({ length: 2_000_000_000 })
} catch (error) {
  console.log(`refused: ${error.message}`)
}
if (pack(picture).length !== 1000) throw new Error('not as it was')

c.map()
console.log(`\n${new TextDecoder().decode(result())}`)
