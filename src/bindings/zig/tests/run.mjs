// Runs the tests of the module for `wasm32-freestanding`: `node run.mjs MODULE`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const module = new WebAssembly.Module(readFileSync(process.argv[2]))
// Nothing is imported, and what was named is exported: no name of Rust's or of freehold.h's.
assert.deepEqual(WebAssembly.Module.imports(module), [])
assert.deepEqual(WebAssembly.Module.exports(module).map(({ name }) => name).sort(), ['count', 'memory', 'misuse', 'name', 'panicked', 'run'])

const fresh = () => new WebAssembly.Instance(module).exports

function text({ memory }, address) {
  const bytes = new Uint8Array(memory.buffer, address >>> 0)
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))
}

let passed = 0
let failed = 0

function test(name, work) {
  let failure = ''
  try {
    work()
  } catch (error) {
    failure = error.message
  }
  console.log(`test ${name} ... ${failure === '' ? 'ok' : `FAILED: ${failure}`}`)
  if (failure === '') passed += 1
  else failed += 1
}

const zig = fresh()
for (let at = 0; at < zig.count(); at += 1) {
  test(text(zig, zig.name(at)), () => {
    let failure
    try {
      failure = zig.run(at)
    } catch (error) {
      throw new Error(`${error.message}: ${text(zig, zig.panicked())}`)
    }
    if (failure !== 0) throw new Error(text(zig, failure))
  })
}

/** What each mistake's panic says, in the order of mistakes.zig. */
const PANICS = [
  'an inner scope of the arena is open: allocate in that one, or end it first',
  'of `numbers` was freed before',
  'is not the handle of an arena any more: it was closed',
  'an arena or a pool is still open on this ledger',
  'an inner scope of the arena is open: allocate in that one, or end it first',
  'is not a block of the heap\'s that is aligned to 1',
]

for (const [at, says] of PANICS.entries()) {
  test(`a mistake is told: ${says}`, () => {
    const zig = fresh()
    assert.throws(() => zig.misuse(at), WebAssembly.RuntimeError)
    assert.ok(text(zig, zig.panicked()).includes(says), `it says: ${text(zig, zig.panicked())}`)
  })
}
test('every mistake was made', () => assert.equal(fresh().misuse(PANICS.length), 0))

console.log(`test result: ${failed === 0 ? 'ok' : 'FAILED'}. ${passed} passed`)
process.exitCode = failed === 0 ? 0 : 1
