// Typed-array views over a WebAssembly.Memory that survive its growth.
//
// When memory grows, every view on it is detached: its length becomes 0, reads give undefined, writes are lost, and
// nothing says so. So keep a `Views` instead of a view, and ask it again after each call that might have grown memory;
// it makes a new view only when there is need for one.
//
//     const views = new Views(instance.exports.memory);
//     views.bytes(ptr, len).set(data);            // a part of memory, as bytes
//     views.text(ptr, len);                       // a string, from UTF-8
//     views.all(Float64Array)[ptr >>> 3];         // the whole memory, as any typed array or a DataView
//
// Copy this file; it needs nothing else.

export class Views {
  #memory;
  #views = new Map();
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(memory) {
    this.#memory = memory;
  }

  /** The whole memory as it is now. Good until memory grows. */
  all(Type = Uint8Array) {
    const { buffer } = this.#memory;
    let view = this.#views.get(Type);
    // Growing makes another buffer. A shared one can also be grown by another thread: then only the length tells.
    if (view?.buffer !== buffer || view.byteLength !== buffer.byteLength) {
      view = new Type(buffer);
      this.#views.set(Type, view);
    }
    return view;
  }

  /** `len` bytes at `ptr`. Good until memory grows. */
  bytes(ptr, len) {
    // JavaScript gets an i32 as a signed number: addresses above 2 GiB come out negative.
    const [start, count] = [ptr >>> 0, len >>> 0];
    const all = this.all();
    if (start + count > all.length) {
      throw new RangeError(`${count} bytes at ${start} lie outside a memory of ${all.length}`);
    }
    return all.subarray(start, start + count);
  }

  /** The string of `len` bytes of UTF-8 at `ptr`: a copy, good for ever. */
  text(ptr, len) {
    const bytes = this.bytes(ptr, len);
    // A decoder takes no shared memory.
    return this.#decoder.decode(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice());
  }
}
