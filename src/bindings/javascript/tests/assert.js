// What a test asks for, in node and in a page alike.

import { FreeholdError } from '../freehold.js'

/** A value as a text that can be compared. */
const text = (value) => JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part === undefined ? 'undefined' : part))

export function ok(value, what = 'it is not so') {
  if (!value) throw new Error(what)
}

export function equal(found, wanted, what = '') {
  if (!Object.is(found, wanted)) throw new Error(`${what} ${text(found)}, not ${text(wanted)}`)
}

export function same(found, wanted, what = '') {
  equal(text(found), text(wanted), what)
}

/** The FreeholdError with this code that `run` throws, whose text says all of that. */
export function refuses(run, code, ...says) {
  let error
  try {
    run()
  } catch (thrown) {
    error = thrown
  }
  check(error, code, says)
  return error
}

/** The same of a promise. */
export async function rejects(promise, code, ...says) {
  check(await promise.then(() => undefined, (error) => error), code, says)
}

function check(error, code, says) {
  ok(error !== undefined, `nothing is thrown, not even ${code}`)
  ok(error instanceof FreeholdError, `no error of the package's: ${error}`)
  equal(error.code, code, error.message)
  for (const part of says) ok(error.message.includes(part), `it does not say ${text(part)}: ${error.message}`)
}
