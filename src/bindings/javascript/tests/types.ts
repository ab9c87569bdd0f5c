// How users' code fits the types; and what must not fit.

import { type Grown, FreeholdError, Handle, Memory } from '../freehold.js'

const { memory, exports } = await Memory.instantiate(fetch('module.wasm'), { env: { now: Date.now } }, { views: 'fresh' })
const all: Uint8Array = memory.view()
const numbers: Float64Array = memory.array(Float64Array, exports.numbers(), 10)
const words: BigUint64Array = memory.view(BigUint64Array)
const halves: Float16Array = memory.view(Float16Array)
const view: DataView = memory.view(DataView)
const copy: Uint8Array<ArrayBuffer> = memory.copy(64n, 8)
const text: string = memory.text(exports.text())
const stop: () => void = memory.onGrow(({ owner, bytes, call }: Grown) => console.log(owner ?? 'somebody', bytes.toFixed(), call))
const seven: number = memory.frozen(() => 7)
const block: Handle = memory.put(new Float32Array(4))
const parser: Handle = memory.own(exports.parser_new(), exports.parser_free, 'parser')
memory.onForgotten((forgotten) => forgotten.free())
const same: { add(a: number, b: number): number } = memory.watch({ add: (a: number, b: number) => a + b })
const code: 'GREW' | undefined = ((error: unknown) => (error instanceof FreeholdError && error.code === 'GREW' ? error.code : undefined))(0)
void new Memory(new WebAssembly.Memory({ initial: 1 }), { before: (exports) => exports.start() })
void memory.put(new SharedArrayBuffer(4))
void [all, numbers, words, halves, view, copy, text, stop, seven, block, parser, same, code]

// @ts-expect-error an alignment is a number
memory.alloc(8, '16')
// @ts-expect-error a handle has no public parts
void block.lent
// @ts-expect-error `views` has three values
void new Memory(exports, { views: 'old' })
// @ts-expect-error there is no such option
void new Memory(exports, { view: 'fresh' })
// @ts-expect-error of a typed array it is the class that is wanted
memory.array('Uint8Array', 8, 1)
// @ts-expect-error a code that there is none
void (new FreeholdError('ODD', '').code)
// @ts-expect-error an address is read only
block.address = 8
