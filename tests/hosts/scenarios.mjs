// Scenarios, each in a process of its own: what they share that drive them.

import { assert } from './report.mjs'
import { spawnSync } from 'node:child_process'

export { assert, finish, test } from './report.mjs'

/** What runs scenarios by this command, which reads their names, and stops them after so many seconds. */
export function scenarios([command, ...args], seconds) {
  /** How a scenario ended, and what it said. A control may hang: then it has no status. */
  function scenario(words, limit = seconds) {
    const { status, stdout, stderr } = spawnSync(command, args, { input: words, encoding: 'utf8', timeout: limit * 1000 })
    const [begin, text] = [`scenario ${words.split(' ')[0]}\n`, stdout + stderr]
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
  function nothingLost(words, ...whats) {
    const ended = scenario(words)
    assert.equal(ended.status, 0, ended.text)
    for (const what of whats) assert.equal(number(ended, what), 0, ended.text)
    return ended
  }

  /** What a scenario says that must end well. */
  function ended(words) {
    const { status, text } = scenario(words)
    assert.equal(status, 0, text)
    return text
  }

  /** A control: bytes must be lost, or it breaks altogether. */
  function mustBreak(words, what) {
    const ended = scenario(words, 30)
    const { status, text } = ended
    // Its end must be a bad one, if it does not come to tell: one that ended well and said nothing would prove nothing.
    const counted = text.match(new RegExp(`^${what}: (\\d+)`, 'm'))
    assert.ok(counted ? Number(counted[1]) > 0 : status !== 0, `nothing was lost: ${text}`)
    console.log(`        ${status}: ${counted ? counted[0] : text.trim().split('\n')[0]}`)
    return ended
  }

  return { ended, mustBreak, nothingLost, number, scenario }
}
