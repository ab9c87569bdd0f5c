// The page's part: `node run.mjs MODULE`, MODULE being the script that wasm-bindgen wrote.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

// In a project of yours: `from 'freehold'`.
import { Memory } from '../../src/bindings/javascript/freehold.js'

const glue = createRequire(import.meta.url)(resolve(process.argv[2]))
const memory = new Memory(glue.raw_exports())
const { Samples, map, medians } = memory.watch(glue)
memory.onGrow(({ owner, bytes, call }) => console.log(`  memory grew by ${bytes} bytes for \`${owner}\`, in \`${call}\``))

console.log(`medians: ${medians([3, 1, 2, 900, 4, 6, 5], 3).join(' ')}`)

// The first call takes what the work needs; a thousand more take nothing, or this throws and says who took it.
const list = Float64Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 1000)
medians(list, 9)
const first = memory.look()
memory.frozen(() => {
  for (let turn = 0; turn < 1000; turn += 1) medians(list.subarray(turn), 9)
})
console.log(`growths up to the first call: ${first}, in 1000 more: ${memory.look() - first}`)

// Without a copy: a view of the module's numbers. One that you keep is empty when memory has grown; one of `memory` is as it should be.
const samples = new Samples(5)
const view = () => memory.array(Float64Array, samples.start(), 5)
const old = view()
old.set([5, 3, 4, 1, 2])
const large = memory.during('new Samples', () => new Samples(1_000_000))
console.log(`a view after memory grew to ${memory.size} bytes: ${old.length} numbers; a new one: ${view().join(' ')}`)
assert.deepEqual([old.length, ...samples.medians(3)], [0, 4, 3, 2])
samples.free()
large.free()

// What cannot be is refused, and the module goes on.
for (const refused of [() => new Samples(500_000_000), () => medians([1, 2], 3)]) {
  assert.throws(refused, (reason) => console.log(`refused: ${reason}`) ?? true)
}
assert.deepEqual([...medians([3, 1, 2], 3)], [2])

console.log(`\n${map()}`)
