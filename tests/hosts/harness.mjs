// What the scripts share that drive a wasm module in this very process: loading it, and hearing what it says.

import { readFileSync } from 'node:fs'
import { said } from './report.mjs'

export { assert, finish, test } from './report.mjs'
export const PAGE = 65536

/** Addresses come out of wasm as signed numbers; as BigInts if they have 64 bits. */
export const address = (number) => (typeof number === 'bigint' ? Number(BigInt.asUintN(64, number)) : number >>> 0)

/** The bytes of the module that the command line names last. */
export const bytes = readFileSync(process.argv.at(-1))
const module = new WebAssembly.Module(bytes)

/** Whether a memory's addresses have 64 bits: then it grows by BigInts, else a BigInt is an error. */
function isWide(memory) {
  try {
    return memory?.grow(0n) !== undefined
  } catch {
    return false
  }
}

/** A fresh instance of the module, with a memory of its own. */
export class Guest {
  /** What it has said. */
  text = ''

  /** The spans it has shown since `seen` was called last. */
  #spans = []

  /** `imports`: what the module wants beside `host`. */
  constructor(imports = {}) {
    const host = {
      say: (start, length) => (this.text += this.string(start, length)),
      span: (base, length, owner, ownerLength) =>
        this.#spans.push({
          start: address(base),
          end: address(base) + address(length),
          owner: address(owner) === 0 ? null : this.string(owner, ownerLength),
        }),
      grow: (pages) => this.grow(pages),
    }
    this.exports = new WebAssembly.Instance(module, { host, ...imports }).exports
    said.by = this
    this.wide = isWide(this.exports.memory)
  }

  /** Whether addresses have 64 bits. */
  wide

  /** A number as the module takes it for an address or a size. */
  word(number) {
    return this.wide ? BigInt(number) : number
  }

  /** Its memory now. The view is good until memory grows. */
  get view() {
    return new Uint8Array(this.exports.memory.buffer)
  }

  get memorySize() {
    return this.exports.memory.buffer.byteLength
  }

  /** Grows its memory, as the embedding page might: the first page's number, or -1. */
  grow(pages) {
    try {
      return this.exports.memory.grow(pages)
    } catch {
      return this.word(-1)
    }
  }

  string(start, length) {
    return new TextDecoder().decode(this.view.slice(address(start), address(start) + address(length)))
  }

  /** The spans of its ledger in the order of addresses; `owner` is null for free ones. */
  spans() {
    this.#spans = []
    this.exports.show_spans()
    return this.#spans
  }
}
