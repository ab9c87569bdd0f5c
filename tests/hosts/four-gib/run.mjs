// h09 and h10: a memory of 4 GiB, to its last byte, and what lies above 2 GiB; with addresses of 64 bits, what lies above 4 GiB.

import { assert, finish, Guest, PAGE, test } from '../harness.mjs'

const { wide } = new Guest()
/** From here on an address is no number of so few bits any more. */
const line = wide ? 2 ** 32 : 2 ** 31
const where = wide ? 'four_gib' : 'two_gib'

if (!wide) {
  test('h09_every_page_of_four_gib', () => {
    const guest = new Guest()
    guest.exports.every_page()
    assert.equal(guest.memorySize, 2 ** 32)
  })

  test('h09_control: the end of the last page is address 0', () => {
    assert.equal(new Guest().exports.control_end_of_last_page(), 0)
  })
}

function anArena() {
  const guest = new Guest()
  guest.exports.beyond()
  const spans = guest.spans()
  const ours = spans.filter(({ owner }) => owner !== 'filler')
  assert.ok(ours.length > 0 && ours.every(({ start }) => start >= line))
  assert.ok(ours.every(({ owner }) => owner === null), 'all was given back')
  assert.ok(guest.memorySize < line + 128 * PAGE)
  // The map is as wide everywhere, whatever stands in it.
  const drawn = guest.text.split('\n').filter((text) => /^0x|│/.test(text))
  assert.ok(drawn.some((text) => text.includes(' filler ')) && drawn.length > 4, guest.text)
  assert.equal(new Set(drawn.map((text) => text.length)).size, 1, guest.text)
  assert.match(drawn.at(-1), wide ? /^0x000100\w{6} / : /^0x80\w{6} /)
}
if (wide) test('h10_an_arena_that_lives_above_four_gib', anArena)
else test('h10_an_arena_that_lives_above_two_gib', anArena)

for (const name of ['slice_across', 'chunk_across', 'heaps_beyond']) {
  test(`h10_${name}_${where}`, () => {
    const guest = new Guest()
    guest.exports[name]()
    assert.ok(guest.spans().every(({ owner }) => owner !== 'across'), 'all was given back')
    assert.ok(guest.memorySize > line)
  })
}

// Each allocator of the crate by its name (h29), and which these are, so that none is missing here.
const tops = Object.keys(new Guest().exports).filter((name) => name.startsWith('top_'))
if (!wide) test('h29_every_allocator_at_the_top', () => assert.ok(tops.length >= 8, tops.join(' ')))
for (const name of tops) {
  test(`h09_${name}`, () => {
    const guest = new Guest()
    guest.exports[name]()
    assert.equal(guest.memorySize, 2 ** 32)
  })
}

finish()
