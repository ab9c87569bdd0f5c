// The page's part: `node run.mjs MODULE`. (In a page: `await WebAssembly.instantiateStreaming(fetch('module.wasm'))`.)

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]))
const { memory, room, medians, map } = instance.exports
const pages = () => memory.buffer.byteLength / 65536

// A view of the module's numbers. JavaScript takes an address as a signed number: `>>> 0` makes it one again.
const numbers = (start, count) => new Float64Array(memory.buffer, start >>> 0, count)

function movingMedian(samples, width) {
  const start = room(samples.length)
  if (start === 0) throw new Error(`no memory for ${samples.length} numbers`)
  numbers(start, samples.length).set(samples)
  const result = medians(width)
  if (result === 0) throw new Error(`no ${width} numbers in a row`)
  // Memory may have grown since, so this is a new view. `slice` copies: what is in the module is written over by the next call.
  return numbers(result, samples.length - width + 1).slice()
}

console.log(`medians: ${movingMedian([3, 1, 2, 900, 4, 6, 5], 3).join(' ')}`)

// The first call takes what the work needs; a thousand more take nothing.
const samples = Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 1000)
movingMedian(samples, 9)
const first = pages()
for (let turn = 0; turn < 1000; turn += 1) movingMedian(samples.slice(turn), 9)
console.log(`pages after the first call: ${first}, after 1000 more: ${pages()}`)
assert.equal(pages(), first)

// A view is of the memory as it was: growth detaches it, and it is empty from then on.
const view = numbers(room(1000), 1000)
console.log(`a view before memory grows: ${view.length} numbers`)
room(1_000_000)
console.log(`the same view after:        ${view.length} numbers, as memory has ${pages()} pages now`)
assert.equal(view.length, 0)

// What cannot be is refused, and the module goes on.
for (const refused of [() => movingMedian({ length: 500_000_000 }, 3), () => movingMedian([1, 2], 3)]) {
  assert.throws(refused, (error) => console.log(`refused: ${error.message}`) ?? true)
}
assert.deepEqual([...movingMedian([3, 1, 2], 3)], [2])

const text = new Uint8Array(memory.buffer, map() >>> 0)
console.log(`\n${new TextDecoder().decode(text.subarray(0, text.indexOf(0)))}`)
