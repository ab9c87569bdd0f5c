// Drives the scenarios of `freehold-beside-libc`, each in a process of its own: `node run.mjs LIBC COMMAND... PROGRAM`. LIBC says what
// the program is linked with: `wasi`; `wasi-2022`, a wasi-libc of that year; `growable`,
// `fixed` or `fixed-3gib`, Emscripten's, by its memory.

import { assert, finish, scenarios, test } from '../scenarios.mjs'

const [libc, ...command] = process.argv.slice(2)
const { ended, mustBreak, nothingLost } = scenarios(command, 30)

const hazard = libc.startsWith('wasi') ? 'h02' : 'h01'
test(`${hazard}_pages_claimed_before_the_first_malloc`, () => nothingLost('before_malloc', 'ours lost', 'theirs lost'))
test(`${hazard}_pages_claimed_after_the_first_malloc`, () => nothingLost('after_malloc', 'ours lost', 'theirs lost'))
switch (libc) {
  case 'wasi':
    test('this libc leaves grown pages alone, asleep or not', () => nothingLost('control_before_malloc', 'ours lost'))
    break
  case 'wasi-2022':
    test('h02_control: libc asleep, it takes pages that were grown before', () => mustBreak('control_before_malloc', 'ours lost'))
    break
  case 'growable':
    test('h01_control: libc takes pages that were grown', () => mustBreak('control_before_malloc', 'ours lost'))
    test('h10_above_two_gib', () => ended('above_two_gib'))
    break
  case 'fixed-3gib':
    test('h10_above_two_gib', () => ended('above_two_gib'))
  // Falls through: all else is the same.
  case 'fixed':
    test('h12_used_up', () => ended('used_up'))
    test('there is nothing to grow', () => assert.match(ended('control_before_malloc'), /raw memory.grow .* was refused/))
    break
  default:
    throw new Error(`no such libc: ${libc}`)
}
if (hazard === 'h02') {
  test('h02_control: once libc is awake, grown pages are safe', () => nothingLost('control_after_malloc', 'ours lost'))
}
test('h03_the_tail_is_libc_s', () => nothingLost('heap_tail'))
test('h03_control: the tail taken by hand', () => mustBreak('control_heap_tail', 'ours lost'))

test('blocks_go_back_to_libc', () => nothingLost('given_back', 'grown'))
if (!libc.startsWith('fixed')) {
  test('blocks_go_back_to_libc, control: they are kept', () => mustBreak('control_given_back', 'grown'))
}
/** What it takes from libc, and what libc's heap grows by, for each byte claimed; in thousandths, for claims of several sizes. */
function waste(way) {
  const text = ended(`waste ${way}`)
  console.log(`        ${way}\n${text}`)
  return ['taken', 'libc grown'].map((what) => [...text.matchAll(new RegExp(`${what} (\\d+)`, 'g'))].map(([, per]) => Number(per)))
}

test('large claims take from libc what they hold, and make it grow as its own blocks do', () => {
  const [[taken, grown], [, alone]] = [waste('claims'), waste('malloc')]
  assert.ok(taken.length === 4 && taken.every((per) => per >= 1000 && per <= 1050), `${taken}`)
  assert.ok(grown.every((per, index) => per <= alone[index] * 1.05), `${grown}, ${alone}`)
})

if (hazard === 'h01') {
  test('no other way of having memory from libc takes less', () => {
    const [[taken], ...others] = ['claims', 'aligned_alloc', 'mmap', 'sbrk'].map(waste)
    for (const [asked] of others) assert.ok(asked.every((per, index) => per >= taken[index]), `${asked}, ${taken}`)
  })
}

finish()
