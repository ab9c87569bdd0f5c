// h06: two versions of freehold in one module. `node run.mjs MODULE`

import { assert, finish, Guest, test } from '../harness.mjs'

const ORDERS = { first_then_second: 0, second_then_first: 1 }

test('h06_two_copies_lose_nothing_of_each_other_s', () => {
  const guest = new Guest()
  for (let round = 0; round < 4; round += 1) {
    guest.exports.interleave(round, 4000)
    // Both find a gap in the next round.
    guest.exports.memory.grow(1)
  }
})

test('h06_each_map_shows_the_other_s_pages_as_not_ours', () => {
  const guest = new Guest()
  guest.exports.maps()
  // The other's four pages (three, and the claim's header), with the page that neither has grown where that is.
  const gaps = (map) => [...map.matchAll(/· not ours · +(\d+) KiB/g)].map(([, size]) => Number(size))
  const [first, second] = guest.text.split(/claimed .*/).map(gaps)
  assert.deepEqual(first, [256 + 64, 256])
  assert.deepEqual(second, [256, 64 + 256])
})

for (const [order, index] of Object.entries(ORDERS)) {
  test(`h06_the_tail_has_one_copy: ${order}`, () => {
    const guest = new Guest()
    guest.exports.one_has_the_tail(index)
    assert.match(guest.text, /heap tail can't be claimed: another copy of freehold in this module lives there \(at 0x[0-9a-f]+\)/)
  })

  test(`h06_a_tail_that_nothing_was_written_to_is_taken: ${order}`, () => new Guest().exports.the_tail_is_mislaid(index))

  test(`h06_control: a copy that doesn't ask overruns the other: ${order}`, () => {
    const lost = new Guest().exports.control_by_hand(index)
    assert.ok(lost >= 490_000, `${lost} bytes`)
  })
}

finish()
