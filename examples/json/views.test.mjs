// node --test examples/json/views.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import { Views } from "./views.mjs";

test("a view is made again only when memory has grown", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const views = new Views(memory);
  const before = views.all();
  before[7] = 42;
  assert.equal(views.all(), before);

  memory.grow(1);
  assert.equal(before.length, 0, "a view that is kept is detached");
  assert.notEqual(views.all(), before);
  assert.equal(views.all()[7], 42);
  assert.equal(views.all().length, 2 * 65536);
  assert.equal(views.bytes(65536, 65536).length, 65536, "the new page is there");
});

test("every type has a view of its own", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const views = new Views(memory);
  views.all(Float64Array)[1] = 0.5;
  views.all(DataView).setUint32(0, 0x01020304);
  memory.grow(1);
  assert.equal(views.all(Float64Array)[1], 0.5);
  assert.equal(views.all(DataView).getUint32(0), 0x01020304);
  assert.equal(views.all(DataView), views.all(DataView));
});

test("text is a copy", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const views = new Views(memory);
  const bytes = new TextEncoder().encode("\ufeffé€𝄞");
  views.bytes(100, bytes.length).set(bytes);
  const text = views.text(100, bytes.length);
  memory.grow(1);
  views.bytes(100, bytes.length).fill(0);
  assert.equal(text, "\ufeffé€𝄞");
});

test("addresses above 2 GiB, which JavaScript gets as negative numbers", () => {
  const memory = new WebAssembly.Memory({ initial: 32769 });
  const views = new Views(memory);
  views.bytes(0x8000_0010 | 0, 4).set([1, 2, 3, 4]);
  assert.deepEqual([...views.all().subarray(0x8000_0010, 0x8000_0014)], [1, 2, 3, 4]);
});

test("what lies outside is refused", () => {
  const views = new Views(new WebAssembly.Memory({ initial: 1 }));
  assert.equal(views.bytes(65536, 0).length, 0);
  assert.throws(() => views.bytes(65536, 1), RangeError);
  assert.throws(() => views.bytes(-1, 1), RangeError);
});

test("shared memory", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  const views = new Views(memory);
  const before = views.all();
  views.bytes(0, 2).set([104, 105]);
  memory.grow(1);
  assert.notEqual(views.all(), before);
  assert.equal(views.all().length, 2 * 65536);
  assert.equal(views.text(0, 2), "hi");
});
