// h27, h26 and h32: threads on one heap, on pools and on an arena, in one shared memory. `node run.mjs [unlocked] MODULE`; with `unlocked`, the module is
// the one without the heap's lock, and must be seen to break.

import { address, assert, finish, test } from '../harness.mjs'
import { crew, WORKERS } from './workers.mjs'

const TURNS = 20_000
const ROUNDS = 4
const FILLS = 40
const SECONDS = 60

const { all, end, guest, one, ready } = crew()
const { exports } = guest
/** Good for as long as nobody takes it for the whole memory. */
const early = guest.view

/** What all rounds have shown; with the problem that ended them, if there was one. */
async function run() {
  const rounds = []
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const sizes = [guest.memorySize]
      await all(SECONDS, 'pass_on', round, TURNS)
      await one(SECONDS, 'empty_mail')
      sizes.push(guest.memorySize)
      // Where blocks lie, and so how much is lost between them, is up to the threads' luck: the first round holds a quarter
      // more than those that must do with what it has left.
      await all(SECONDS, 'hold', (round === 1 ? 10 : 8) << 20)
      await all(SECONDS, 'let_go')
      sizes.push(guest.memorySize)
      rounds.push({ sizes, inUse: await one(SECONDS, 'in_use'), granted: address(await one(SECONDS, 'granted')) })
    }
    return { rounds }
  } catch (error) {
    return { rounds, problem: error.message }
  } finally {
    await end()
  }
}

/** Whether threads may write to what others have grown, from pools and an arena that they share. */
async function fill() {
  try {
    exports.share_arena()
    for (let round = 0; round < FILLS; round += 1) await all(SECONDS, 'fill', 100)
    exports.drop_arena()
  } catch (error) {
    return error.message
  }
}

const unlocked = process.argv.includes('unlocked')
await ready(SECONDS)
const trapped = unlocked ? undefined : await fill()
const { rounds, problem } = await run()
console.log(rounds)

if (unlocked) {
  test('h27_control: without its lock the heap breaks', () => {
    assert.notEqual(problem, undefined)
    console.log(problem)
  })
} else {
  test('h32_what_one_has_grown_another_may_write_to', () => {
    assert.equal(trapped, undefined)
  })

  test('h27_threads_pass_blocks_to_each_other', () => {
    assert.equal(problem, undefined)
    assert.equal(rounds.length, ROUNDS)
    // Three of four, if all are at it at once; on two processors fewer.
    const passed = exports.passed_on()
    console.log(`${passed} of ${WORKERS * TURNS * ROUNDS} freed by another`)
    assert.ok(passed > (WORKERS * TURNS * ROUNDS) / 8)
  })

  test('h27_memory_grew_meanwhile', () => {
    const [start, passedOn, held] = rounds[0].sizes
    assert.ok(start < passedOn && passedOn < held)
  })

  test('h26_all_is_freed_and_serves_again', () => {
    for (const { inUse, granted } of rounds) {
      assert.equal(inUse, 0)
      assert.equal(granted, rounds[0].granted)
    }
    assert.equal(guest.memorySize, rounds[0].sizes.at(-1))
  })

  test('a view of shared memory stays as long as it was: what lies further up needs a fresh one', () => {
    const at = address(exports.text_above(early.byteLength))
    assert.ok(early.byteLength < guest.memorySize)
    assert.equal(early[at], undefined)
    assert.equal(guest.view[at], '!'.charCodeAt())
  })
}

finish()
