// The soak, and its controls: `node soak.mjs SETTING OPERATIONS COMMAND... PROGRAM`. SETTING says where the program runs: `alone` in its
// module; `shared` by four threads, or `unlocked`, the same without the heap's lock; or beside libc, as for `beside-libc/run.mjs`.

import { assert, finish, scenarios, test } from './scenarios.mjs'

const [setting, number, ...command] = process.argv.slice(2)
const operations = Number(number)
/** Enough for a control to break; more would only make it hard to tell one that hangs from one that takes its time. */
const FEW = Math.min(operations, 200_000)
const { mustBreak, nothingLost, scenario } = scenarios(command, 30 * 60)

/** Backings that hand out what is not their own, and the hazard that each of them is. */
const hazards = { raw: 'h01', tail: 'h03', contiguous: 'h05' }
/** Those that are to be had in each setting. */
const controls = {
  alone: ['contiguous'],
  shared: ['contiguous'],
  wasi: ['contiguous', 'tail'],
  'wasi-2022': ['contiguous', 'tail'],
  growable: ['raw', 'tail'],
  // Libc's heap is ours.
  malloc: ['contiguous'],
  'malloc-growable': ['raw'],
  fixed: ['tail'],
  'fixed-3gib': ['tail'],
}[setting]
const fixed = setting.startsWith('fixed')

/** A line of a table: how long it took, and what came out. */
function row(name, { status, text }, start) {
  const lost = text.match(/^lost: .*$/gm) ?? [`ended with ${status}: ${text.trim().split('\n')[0]}`]
  const counts = text.match(/^(operations|refused): [1-9]\d*$/gm) ?? []
  const took = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`        | ${setting} | ${name} | ${counts.join(', ')} | ${lost.join(', ')} | ${took} s |`)
}

/** Runs it, and prints its line. */
function soak(name, count, run) {
  const start = performance.now()
  const ended = run(`${name} ${count}`)
  row(name, ended, start)
  return ended
}

/** Runs what breaks only if threads really run beside each other. On a busy machine a run may go by in which they hardly do. */
function soonerOrLater(run) {
  for (let left = 20; ; left--) {
    try {
      return run()
    } catch (error) {
      if (left === 0) throw error
    }
  }
}

if (setting === 'unlocked') {
  test('h27_control: soak without the lock', () => {
    soonerOrLater(() => soak('soak', FEW, (words) => mustBreak(words, 'lost')))
  })
} else {
  test('all heaps side by side, and no byte is lost', () => {
    const { text } = soak('soak', operations, (words) => nothingLost(words, 'lost'))
    console.log(text)
    const counts = Object.fromEntries([...text.matchAll(/^([\w ]+): (\d+)/gm)].map(([, name, count]) => [name, Number(count)]))
    assert.equal(counts.operations, operations)
    // Everybody has taken part, and nobody had to do without.
    for (const [name, count] of Object.entries(counts)) {
      const none = ['lost', 'refused'].includes(name) || (name === 'grown outside' && fixed)
      assert.ok(none ? count === 0 : count > 0, `${name}: ${count}`)
    }
  })
  for (const control of controls) {
    test(`${hazards[control]}_control: the same on memory that is somebody else's`, () => {
      soak(`control_soak_${control}`, FEW, (words) => mustBreak(words, 'lost'))
    })
  }
  if (setting === 'growable' || setting === 'fixed-3gib') {
    test('h10_all heaps side by side above 2 GiB, and no byte is lost', () => {
      soak('soak_above_two_gib', FEW, (words) => nothingLost(words, 'lost', 'refused'))
    })
  }
  if (fixed) {
    test('h01_control: there is no other memory to be had', () => {
      const { status, text } = soak('control_soak_raw', FEW, (words) => scenario(words))
      assert.equal(status, 0, text)
      assert.match(text, /^claim: 0$/m)
    })
  }
}

finish()
