// The page's part: `node run.mjs MODULE`. (In a page: `await Memory.instantiate(fetch('module.wasm'))`.)

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

// In a project of yours: `from 'freehold'`.
import { Memory } from '../../src/bindings/javascript/freehold.js'

const { memory, exports } = await Memory.instantiate(readFileSync(process.argv[2]))
const { room, medians, map } = exports
memory.onGrow(({ owner, bytes, call }) => console.log(`  memory grew by ${bytes} bytes for \`${owner}\`, in \`${call}\``))

function movingMedian(samples, width) {
  const start = room(samples.length)
  if (start === 0) throw new Error(`no memory for ${samples.length} numbers`)
  memory.array(Float64Array, start, samples.length).set(samples)
  const result = medians(width)
  if (result === 0) throw new Error(`no ${width} numbers in a row`)
  // Memory may have grown since: so this is a view of now. `slice` copies, as what is in the module is written over by the next call.
  return memory.array(Float64Array, result, samples.length - width + 1).slice()
}

console.log(`medians: ${movingMedian([3, 1, 2, 900, 4, 6, 5], 3).join(' ')}`)

// The first call takes what the work needs; a thousand more take nothing, or this throws and says who took it.
const samples = Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 1000)
movingMedian(samples, 9)
const first = memory.look()
memory.frozen(() => {
  for (let turn = 0; turn < 1000; turn += 1) movingMedian(samples.slice(turn), 9)
})
console.log(`growths up to the first call: ${first}, in 1000 more: ${memory.look() - first}`)

// A view of your own is of the memory as it was: growth detaches it, and it is empty from then on. One of `memory` is as it should be.
const start = room(1000)
const own = new Float64Array(memory.raw.buffer, start >>> 0, 1000)
console.log(`a view before memory grows: ${own.length} numbers`)
const large = room(1_000_000)
console.log(`the same view after:        ${own.length} numbers; one of now: ${memory.array(Float64Array, large, 1_000_000).length}`)
assert.equal(own.length, 0)

// What is reserved is there: then a frame, say, runs without a growth.
memory.reserve(20_000_000)
memory.frozen(() => movingMedian(samples, 9))

// A block of JavaScript's own in the module's memory. A second `free` would be an error; if it were forgotten, `memory.onForgotten` would tell.
const block = memory.put('a text for the module')
console.log(`a block at ${block.address}: ${memory.text(block, block.size)}`)
block.free()

// What cannot be is refused, and the module goes on.
const refusals = [
  () => movingMedian({ length: 500_000_000 }, 3),
  () => movingMedian([1, 2], 3),
  () => memory.alloc(100, 3),
  () => memory.array(Float64Array, 0, 10),
  () => block.bytes,
]
for (const refused of refusals) assert.throws(refused, (error) => console.log(`refused: ${error.message}`) ?? true)
assert.deepEqual([...movingMedian([3, 1, 2], 3)], [2])

console.log(`\n${memory.text(map())}`)
