// Runs a WASI program in node: `node --no-turbo-fast-api-calls wasi.mjs MODULE [ARGUMENT...]`. (Without that option node 20 may
// crash in a memory of more than 100 MB.)

import { readFileSync } from 'node:fs'
import { WASI } from 'node:wasi'

const [path, ...args] = process.argv.slice(2)
const wasi = new WASI({ version: 'preview1', args: [path, ...args], env: {}, returnOnExit: true })
const module = new WebAssembly.Module(readFileSync(path))
/** Memory grown from outside: the first page's number, or -1. */
function grow(pages) {
  try {
    return instance.exports.memory.grow(pages)
  } catch {
    return -1
  }
}
const instance = new WebAssembly.Instance(module, { ...wasi.getImportObject(), host: { grow } })
process.exitCode = wasi.start(instance)
