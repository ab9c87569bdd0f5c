// A worker of `run.mjs`. It has instances run out of stack, one after the other, goes on using them, and tells how each of them fared.

import { parentPort, workerData } from 'node:worker_threads'

import { Guest, PAGE } from '../harness.mjs'

const { kind, first, count } = workerData
/** Turns before the stack ends, with little stack, and afterwards. */
const BEFORE = 150
const TRIES = 30
const AFTER = 300
/** Frames, or words of the module's stack, that are left: any number less than these. */
const LEFT = { engine: 20, module: 24, calm: 1 }[kind]

Error.stackTraceLimit = 100

/** A function's path, from its mangled name. */
function path(mangled) {
  const [, rest] = mangled.match(/_ZN(.*)/) ?? []
  if (rest === undefined) return mangled
  const parts = []
  for (let left = rest, digits; (digits = left.match(/^\d+/)?.[0]); left = left.slice(digits.length + Number(digits))) {
    parts.push(left.slice(digits.length, digits.length + Number(digits)))
  }
  const signs = { LT: '<', GT: '>', u20: ' ' }
  const path = parts.filter((part) => !/^h[0-9a-f]{16}$/.test(part)).join('::')
  return path.replace(/\$(\w+)\$/g, (all, sign) => signs[sign] ?? all).replaceAll('..', '::')
}

/** The functions of the crate in which an error arose, and the one of the test's that called it. */
function where(error) {
  const names = error.stack.split('\n').flatMap((line) => {
    const [, name] = line.match(/^\s+at (?:\w+\.wasm\.)?(\S+) \(wasm:/) ?? []
    return name === undefined ? [] : [path(name)]
  })
  const end = names.findIndex((name) => /^(perform|dig)$|overflow::/.test(name))
  return names.slice(0, end + 1)
}

const bytes = (spans) => spans.reduce((sum, { start, end }) => sum + end - start, 0)

/** An instance, and what is known of it. */
class Subject extends Guest {
  #size = this.memorySize

  /** Something is done, with all the stack there is. */
  turn() {
    this.exports.prepare()
    this.exports.perform()
    this.exports.settle()
  }

  /** All bytes are whose they should be. */
  look() {
    const { lost, overlaps } = this.exports
    const [bytesLost, pairs] = [lost(), overlaps()]
    if (bytesLost !== 0) throw new Error(`corrupt: ${bytesLost} bytes lost`)
    if (pairs !== 0) throw new Error(`corrupt: ${pairs} pairs of blocks overlap`)
  }

  /** The ledger's map is whole, and all that is free in it can be had without growth. */
  lookAtMap() {
    const spans = this.spans()
    const sums = [...this.text.matchAll(/^claimed (\d+) free (\d+) granted (\d+)$/gm)].at(-1)
    const [free, held] = [spans.filter(({ owner }) => owner === null), spans.filter(({ owner }) => owner !== null)]
    for (const [index, { start, owner }] of spans.slice(1).entries()) {
      const before = spans[index]
      if (before.end > start) throw new Error('corrupt: spans overlap')
      if (before.end === start && before.owner === null && owner === null) {
        throw new Error('corrupt: two free spans side by side')
      }
    }
    const gaps = this.memorySize - this.#size - bytes(spans) - this.exports.pages_of_small() * PAGE
    if (gaps !== 0) throw new Error(`corrupt: ${gaps} bytes are nobody's`)
    const found = [bytes(held), bytes(free), bytes(spans)]
    if (String(sums.slice(1)) !== String(found)) throw new Error(`corrupt: the sums are ${sums[0]}, not ${found}`)
    // The longest first: then each claim can be met by a span of its own length only.
    const lengths = free.map(({ start, end }) => end - start).sort((a, b) => b - a)
    const unfound = lengths.filter((length) => !this.exports.claim_exactly(length))
    this.exports.end_claims()
    if (unfound.length > 0) throw new Error(`corrupt: ${unfound.length} free spans can't be had`)
  }

  /** How many narrow frames the stack has room for. */
  deepest(wide) {
    try {
      this.exports.dig(1 << 30, wide, 1)
    } catch {
      return this.exports.depth()
    }
  }
}

/** One instance: its stack ends in the allocator, if it does, and then it goes on. */
function fare(number) {
  const subject = new Subject()
  const { exports } = subject
  const [left, wide] = [number % LEFT, 1 + (Math.floor(number / LEFT) % 4)]
  // Half of them keep nothing in the heap, so that the heap can't make up for what the ledger has lost.
  const trims = number % 2 === 1
  const fared = { number }
  const stack = exports.__stack_pointer.value
  try {
    exports.begin(number)
    for (let index = 0; index < BEFORE + (number % 97); index += 1) subject.turn()
    for (let index = 0; index < TRIES && kind !== 'calm' && !fared.where; index += 1) {
      if (trims) exports.trim()
      exports.prepare()
      const narrow = kind === 'engine' ? subject.deepest(wide) - left : 0
      try {
        if (kind === 'module') exports.__stack_pointer.value = 16 * left
        if (kind === 'module') exports.perform()
        else exports.dig(narrow, wide, 0)
      } catch (error) {
        const path = where(error)
        // Or the test's own function did not even begin.
        if (path.length > 1) fared.where = path
      }
      exports.__stack_pointer.value = stack
      exports.depth()
      exports.settle()
    }
    parentPort.postMessage({ fared })
    if (trims) subject.lookAtMap()
    for (let index = 0; index < AFTER; index += 1) {
      subject.turn()
      if (index % 20 === 0) subject.look()
    }
    subject.look()
    exports.finish()
    subject.look()
    subject.lookAtMap()
  } catch (error) {
    fared.problem = error.message.startsWith('corrupt') ? error.message : `dead: ${error.message}; ${subject.text.split('\n').slice(-3).join(' ')}`
  }
  return fared
}

for (let number = first; number < count; number += 1) {
  parentPort.postMessage({ fared: { number } })
  parentPort.postMessage({ fared: fare(number), ended: true })
}
parentPort.postMessage({ done: true })
