// h09 and h10: a memory of 4 GiB, to its last byte, and what lies above 2 GiB.

import { assert, finish, Guest, PAGE, test } from '../harness.mjs'

test('h09_every_page_of_four_gib', () => {
  const guest = new Guest()
  guest.exports.every_page()
  assert.equal(guest.memorySize, 2 ** 32)
})

test('h09_control: the end of the last page is address 0', () => {
  assert.equal(new Guest().exports.control_end_of_last_page(), 0)
})

test('h10_an_arena_that_lives_above_two_gib', () => {
  const guest = new Guest()
  guest.exports.above_two_gib()
  const spans = guest.spans()
  const ours = spans.filter(({ owner }) => owner !== 'filler')
  assert.ok(ours.length > 0 && ours.every(({ start }) => start >= 2 ** 31))
  assert.ok(ours.every(({ owner }) => owner === null), 'all was given back')
  assert.ok(guest.memorySize < 2 ** 31 + 128 * PAGE)
})

for (const name of ['slice_across_two_gib', 'chunk_across_two_gib']) {
  test(`h10_${name}`, () => {
    const guest = new Guest()
    guest.exports[name]()
    assert.ok(guest.spans().every(({ owner }) => owner !== 'across'), 'all was given back')
    assert.ok(guest.memorySize > 2 ** 31)
  })
}

// Each allocator of the crate by its name (h29), and which these are, so that none is missing here.
const tops = Object.keys(new Guest().exports).filter((name) => name.startsWith('top_'))
test('h29_every_allocator_at_the_top', () => assert.ok(tops.length >= 8, tops.join(' ')))
for (const name of tops) {
  test(`h09_${name}`, () => {
    const guest = new Guest()
    guest.exports[name]()
    assert.equal(guest.memorySize, 2 ** 32)
  })
}

finish()
