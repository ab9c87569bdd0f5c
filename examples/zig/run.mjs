// The page's part without a page: `node run.mjs MODULE`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

import { counter } from './words.js'

const bytes = readFileSync(process.argv[2])
const module = new WebAssembly.Module(bytes)
console.log(`${bytes.length} bytes; imports: ${WebAssembly.Module.imports(module).length}; exports: ${WebAssembly.Module.exports(module).map(({ name }) => name).sort().join(' ')}`)

const words = await counter(bytes)
const { memory } = words
const text = 'The frog and the dog: the frog is green, the dog is not. '
console.log(`${words.count(text)} words: ${words.top(3).join(', ')}`)

// The first long text takes what the work needs; a hundred more take nothing, or this throws.
words.count(text.repeat(1000))
memory.frozen(() => {
  for (let turn = 0; turn < 100; turn += 1) words.count(text.repeat(1000))
})
console.log(`in 100 more texts memory grew by 0 bytes: ${words.top(1)[0]}`)
assert.equal(words.top(1)[0], `${4 * (1 + 101 * 1000)} the`)

// A view of your own is of the memory as it was. Growth detaches it: it is empty from then on, and nothing says so.
const own = new Uint8Array(memory.raw.buffer)
const before = own.length
words.count('word '.repeat(1_000_000))
console.log(`a view of before: ${before} bytes, now ${own.length}; one of now: ${memory.view().length}`)
assert.equal(own.length, 0)

// What doesn't fit is refused, with a reason, and the module goes on.
try {
  words.count('x'.repeat(20_000_000))
} catch (error) {
  console.log(`refused: ${error.message}`)
}
assert.equal(words.count('and one more word'), 10)

console.log(`\n${words.map()}`)
