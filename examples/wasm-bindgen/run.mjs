// The page's part: `node run.mjs MODULE`, MODULE being the script that wasm-bindgen wrote.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const { Samples, linear_memory, map, medians } = createRequire(import.meta.url)(resolve(process.argv[2]))
const pages = () => linear_memory().buffer.byteLength / 65536

console.log(`medians: ${medians([3, 1, 2, 900, 4, 6, 5], 3).join(' ')}`)

// The first call takes what the work needs; a thousand more take nothing.
const list = Float64Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 1000)
medians(list, 9)
const first = pages()
for (let turn = 0; turn < 1000; turn += 1) medians(list.subarray(turn), 9)
console.log(`pages after the first call: ${first}, after 1000 more: ${pages()}`)
assert.equal(pages(), first)

// Without a copy: a view of the module's numbers. Growth detaches it, and it is empty from then on.
const samples = new Samples(5)
const view = () => new Float64Array(linear_memory().buffer, samples.start(), 5)
const old = view()
old.set([5, 3, 4, 1, 2])
const large = new Samples(1_000_000)
console.log(`a view after memory grew to ${pages()} pages: ${old.length} numbers; a new one: ${view().join(' ')}`)
assert.deepEqual([old.length, ...samples.medians(3)], [0, 4, 3, 2])
samples.free()
large.free()

// What cannot be is refused, and the module goes on.
for (const refused of [() => new Samples(500_000_000), () => medians([1, 2], 3)]) {
  assert.throws(refused, (reason) => console.log(`refused: ${reason}`) ?? true)
}
assert.deepEqual([...medians([3, 1, 2], 3)], [2])

console.log(`\n${map()}`)
