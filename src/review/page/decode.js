// SPDX-License-Identifier: Apache-2.0
// What the writer packed into this page: gzip as printable characters, numbers as planes of bytes.

const textOf = (id) => document.getElementById(id).textContent;

const kDigits = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((c) => !'"<\\'.includes(c));
const kValues = new Uint8Array(128);
kDigits.forEach((c, value) => (kValues[c.charCodeAt(0)] = value));

// Two characters are 13 bits, the lowest first, and a last one by itself is 6.
function bytesOfText(text) {
  const pairs = text.length >> 1;
  const bytes = new Uint8Array((13 * pairs + 6 * (text.length % 2)) >> 3);
  let bits = 0;
  let waiting = 0;
  let at = 0;
  for (let k = 0; k < text.length; k += 2) {
    bits |= (kValues[text.charCodeAt(k)] + (k + 1 < text.length ? 91 * kValues[text.charCodeAt(k + 1)] : 0)) << waiting;
    for (waiting += 13; waiting >= 8; waiting -= 8, bits >>>= 8) bytes[at++] = bits & 255;
  }
  return bytes;
}

// The bytes of an element. The page need not keep both forms.
function bytesOf(id) {
  const text = textOf(id);
  document.getElementById(id).remove();
  return bytesOfText(text);
}

const gunzip = (bytes) =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));

export const readMeta = () => JSON.parse(textOf("meta"));

// The library that is packed in the element `id`, unpacked but not yet run.
export const unpackLibrary = async (id) => gunzip(bytesOf(id)).blob();

// Resolves when the library has run. From its address, not as text: so the browser compiles it beside the page's
// own work, which goes on meanwhile.
export async function runLibrary(code) {
  const script = document.createElement("script");
  script.src = URL.createObjectURL(code.slice(0, code.size, "text/javascript"));
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error("a library could not be loaded"));
    document.head.append(script);
  });
  URL.revokeObjectURL(script.src);
}

// One array: `item.width` planes of `item.length` bytes, lowest byte first. With `item.frame` = n, each group of
// n values is the difference to the group before it.
function unpack(bytes, item) {
  const array = item.width === 2 ? new Uint16Array(item.length) : new Uint32Array(item.length);
  for (let plane = 0; plane < item.width; ++plane) {
    const start = plane * item.length;
    for (let i = 0; i < item.length; ++i) array[i] += bytes[start + i] * 256 ** plane;
  }
  if (item.frame) for (let i = item.frame; i < item.length; ++i) array[i] += array[i - item.frame];
  return array;
}

// The arrays that `meta.arrays` lists, by name.
export async function readArrays(meta) {
  const all = new Uint8Array(await gunzip(bytesOf("arrays")).arrayBuffer());
  const arrays = {};
  let offset = 0;
  for (const item of meta.arrays) {
    arrays[item.name] = unpack(all.subarray(offset), item);
    offset += item.width * item.length;
  }
  return arrays;
}

// The address of a sheet of pictures.
export async function readSheet(i) {
  return URL.createObjectURL(new Blob([bytesOf("sheet-" + i)], { type: "image/jpeg" }));
}

// The bytes of each checkpoint's neighbours, of the sizes that are given.
export function readNeighbourCodes(sizes) {
  const all = bytesOf("neighbour-codes");
  let start = 0;
  return sizes.map((size) => all.subarray(start, (start += size)));
}
