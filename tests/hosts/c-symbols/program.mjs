// A C program in the module, compiled by a C compiler, on one heap with Rust. Its functions return the line that failed.

import { assert, finish, Guest, test } from '../harness.mjs'

test('each_function_called_by_c', () => {
  const c = new Guest().exports
  assert.equal(c.each_function(), 0)
  // What is known of half a megabyte, and a map in which there is nothing.
  const known = c.in_use()
  assert.ok(known > 0 && known <= 1056 + 256, `${known} bytes in use after all was freed`)
  assert.equal(c.each_function(), 0)
  assert.equal(c.in_use(), known)
})

test('a_c_program_beside_rust', () => {
  const c = new Guest().exports
  for (let turn = 0; turn < 300; turn += 1) {
    assert.equal(c.random_steps(200), 0)
    c.keep(turn * 5, 33 + (turn % 90))
    if (turn % 3 === 2) assert.equal(c.drop_last(33 + (turn % 90)), 1)
  }
  assert.ok(c.in_use() > 0 && c.growths() > 0)
  for (let turn = 299; turn >= 0; turn -= 1) {
    if (turn % 3 !== 2) assert.equal(c.drop_last(33 + (turn % 90)), 1)
  }
  assert.equal(c.free_all(), 0)
})

finish()
