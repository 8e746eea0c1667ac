// SPDX-License-Identifier: Apache-2.0
// What the writer packed into this page: gzip as base64, numbers as planes of bytes.

const textOf = (id) => document.getElementById(id).textContent;

// The bytes of an element that holds base64. The page need not keep both forms.
async function bytesOf(id) {
  const text = textOf(id);
  document.getElementById(id).remove();
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const response = await fetch("data:application/octet-stream;base64," + text); // browsers before 2025
  return new Uint8Array(await response.arrayBuffer());
}

const gunzip = (bytes) =>
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));

export const readMeta = () => JSON.parse(textOf("meta"));

// The library that is packed in the element `id`, unpacked but not yet run.
export const unpackLibrary = async (id) => gunzip(await bytesOf(id)).blob();

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
  const all = new Uint8Array(await gunzip(await bytesOf("arrays")).arrayBuffer());
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
  return URL.createObjectURL(new Blob([await bytesOf("sheet-" + i)], { type: "image/jpeg" }));
}
