// Drives the scenarios of `freehold-beside-libc`, each in a process of its own: `node run.mjs LIBC COMMAND... PROGRAM`. LIBC says what
// the program is linked with: `wasi`; `wasi-2022`, a wasi-libc of that year; `growable` or `fixed`, Emscripten's, by its memory.

import { assert, finish, test } from '../report.mjs'
import { spawnSync } from 'node:child_process'

const [libc, command, ...args] = process.argv.slice(2)

/** How a scenario ended, and what it said. A control may hang: then it has no status. */
function scenario(name) {
  const { status, stdout, stderr } = spawnSync(command, args, { input: name, encoding: 'utf8', timeout: 30_000 })
  const [begin, text] = [`scenario ${name}\n`, stdout + stderr]
  assert.ok(text.startsWith(begin), `it did not begin: ${text}`)
  return { status, text: text.slice(begin.length) }
}

/** What it said of `what`, as a number. */
function number({ text }, what) {
  const found = text.match(new RegExp(`^${what}: (\\d+)`, 'm'))
  assert.ok(found, text)
  return Number(found[1])
}

/** A scenario that must end well, with no byte lost. */
function nothingLost(name, ...whats) {
  const ended = scenario(name)
  assert.equal(ended.status, 0, ended.text)
  for (const what of whats) assert.equal(number(ended, what), 0, ended.text)
}

/** What a scenario says that must end well. */
function ended(name) {
  const { status, text } = scenario(name)
  assert.equal(status, 0, text)
  return text
}

/** A control: bytes must be lost, or it breaks altogether. */
function mustBreak(name, what) {
  const ended = scenario(name)
  // One that ends well, but never comes to tell, has lost its own.
  const intact = ended.status === 0 && ended.text.match(new RegExp(`^${what}: 0\\b`, 'm'))
  assert.ok(!intact, `nothing was lost: ${ended.text}`)
  console.log(`        ${ended.status}: ${ended.text.trim().split('\n')[0]}`)
}

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
    test('h01_control: all heaps side by side, one on grown pages', () => mustBreak('control_side_by_side', 'lost'))
    test('h10_above_two_gib', () => ended('above_two_gib'))
    break
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
test('all_heaps_side_by_side', () => nothingLost('side_by_side', 'lost'))

test('blocks_go_back_to_libc', () => nothingLost('given_back', 'grown'))
if (libc !== 'fixed') {
  test('blocks_go_back_to_libc, control: they are kept', () => mustBreak('control_given_back', 'grown'))
}
test('large claims take from libc what they hold, and make it grow as its own blocks do', () => {
  const grown = (name) => [...ended(name).matchAll(/libc grown (\d+)/g)].map(([, grown]) => Number(grown))
  const [ours, alone] = [grown('waste'), grown('waste_of_libc_alone')]
  assert.ok(ours.length === 4 && ours.every((grown, index) => grown <= alone[index] * 1.05), `${ours}, ${alone}`)
})

finish()
