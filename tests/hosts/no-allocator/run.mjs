// An `Arena`-only module that has no global allocator: that it linked is most of the test.

import { assert, bytes, finish, Guest, PAGE, test } from '../harness.mjs'

console.log(`${bytes.length} bytes of wasm`)

test('an_arena_needs_no_global_allocator', () => {
  const guest = new Guest()
  const size = guest.memorySize
  assert.equal(guest.exports.sum_of_squares(50), 1 + 4 + 9 + 16 + 25 + 36 + 49)
  assert.equal(guest.exports.sum_of_squares(100_000_000), 333283335000 % 2 ** 32 | 0)
  assert.ok(guest.memorySize >= size + PAGE)
})

test('nothing_of_an_allocator_is_in_it', () => {
  assert.ok(!bytes.includes('__rust_alloc') && !bytes.includes('dlmalloc'))
})

finish()
