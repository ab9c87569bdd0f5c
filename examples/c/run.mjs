// The page's part: `node run.mjs MODULE`.

import { readFileSync } from 'node:fs'

// In a project of yours: `from 'freehold'`.
import { Memory } from '../../src/bindings/javascript/freehold.js'

const { memory, exports: c } = await Memory.instantiate(readFileSync(process.argv[2]))

function result() {
  const [start, length] = memory.array(Uint32Array, c.result_at(), 2)
  return memory.bytes(start, length)
}

function pack(picture) {
  const room = c.begin(picture.length)
  if (room === 0) throw new Error(memory.text(c.message()))
  memory.bytes(room, picture.length).set(picture)
  if (c.pack(room, picture.length) === 0) throw new Error(memory.text(c.message()))
  return result().slice()
}

const picture = new Uint8Array(50_000).map((_, at) => (at / 100) & 7)
let packed = pack(picture)
const pages = memory.size / 65536
// The first took what the work needs: this throws if memory grows.
memory.frozen(() => {
  for (let turn = 1; turn < 1000; turn += 1) packed = pack(picture)
})
console.log(`1000 pictures of ${picture.length} bytes, ${packed.length} packed`)
console.log(`pages of memory after the first: ${pages}, after the last: ${memory.size / 65536}`)
if (packed.length !== 1000) throw new Error('not as it should be')

// What does not fit is refused, with a reason, and the module goes on.
try {
  pack({ length: 2_000_000_000 })
} catch (error) {
  console.log(`refused: ${error.message}`)
}
if (pack(picture).length !== 1000) throw new Error('not as it was')

c.map()
console.log(`\n${new TextDecoder().decode(result().slice())}`)
