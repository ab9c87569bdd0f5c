// h06 in C: two static libraries, each with a copy of freehold, in one program. `node libraries.mjs MODULE`

import { assert, finish, Guest, test } from '../harness.mjs'

test('h06_two_libraries_lose_nothing_of_each_other_s', () => assert.equal(new Guest().exports.interleave(20_000), 0))

for (const second of [0, 1]) {
  test(`h06_one_of_two_libraries_has_the_tail: the ${second ? 'second' : 'first'}`, () => {
    const guest = new Guest()
    assert.equal(guest.exports.one_has_the_tail(second), 1)
    const whose = guest.string(guest.exports.whose(), guest.exports.whose_length())
    assert.equal(whose, 'another copy of freehold in this module')
  })
}

finish()
