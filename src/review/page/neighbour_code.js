// SPDX-License-Identifier: Apache-2.0
// Decodes the lists of nearest neighbours that src/review/neighbour_code.hpp has encoded, which says how: the two do the
// same, in the same order.

const kFirstProbability = 4096; // of 65536
const kMemory = 200;
const kHops = 10;
const kMostCandidates = 65535;
const kHopClass = [0, 1, 2, 3, 3, 4, 4, 4, 5];
// Where the contexts of each kind of bit begin.
const kOthers = 5 * 5 * 6 * 4 * 5;
const kFar = kOthers + 32;
const kOrder = kFar + 64;
const kContexts = kOrder + 32 * 32;

class Learnt {
  constructor(probability = new Uint16Array(kContexts).fill(kFirstProbability), seen = new Uint8Array(kContexts)) {
    Object.assign(this, { probability, seen });
  }
  copy() {
    return new Learnt(this.probability.slice(), this.seen.slice());
  }
}

class RangeDecoder {
  constructor(bytes, learnt) {
    Object.assign(this, { bytes, learnt, next: 0, range: 0xffffffff, code: 0 });
    for (let k = 0; k < 5; ++k) this.code = ((this.code << 8) | this.#byte()) >>> 0;
  }
  #byte() {
    return this.next < this.bytes.length ? this.bytes[this.next++] : 0;
  }
  bit(probability) {
    const bound = (this.range >>> 12) * probability;
    const isOne = this.code < bound;
    if (isOne) {
      this.range = bound;
    } else {
      this.code -= bound;
      this.range -= bound;
    }
    while (this.range < 0x1000000) {
      this.range = (this.range << 8) >>> 0;
      this.code = ((this.code << 8) | this.#byte()) >>> 0;
    }
    return isOne ? 1 : 0;
  }
  learntBit(context) {
    const { probability, seen } = this.learnt;
    const p = probability[context];
    const bit = this.bit(Math.max(1, p >> 4));
    probability[context] = p + ((bit ? 65535 : 0) - p) / (seen[context] + 1.5);
    if (seen[context] < kMemory) ++seen[context];
    return bit;
  }
  number(context, most) {
    let number = 0;
    while (number < most && !this.learntBit(context + Math.min(number, 31))) ++number;
    return number;
  }
}

class ListDecoder {
  constructor(images, k) {
    Object.assign(this, { images, k, newest: new Int32Array(images), next: new Int32Array(images * k), rank: new Int32Array(images) });
    for (const trace of ["before", "after", "hops", "mutual", "shared", "noted"]) this[trace] = new Uint8Array(images);
    Object.assign(this, { candidates: [], members: [], keys: new Uint32Array(256), contexts: new Uint16Array(256) });
  }

  // The lists [N, k] of one checkpoint. `before` and `after`: those of others, or null; `curve`: see curveThrough().
  decode(decoder, before, after, curve) {
    Object.assign(this, { decoder, curve, lists: new Int32Array(this.images * this.k) });
    curve.forEach((image, rank) => (this.rank[image] = rank));
    this.newest.fill(-1);
    for (let image = 0; image < this.images; ++image) {
      this.#gather(image, before, after);
      this.#decodeList(image);
      this.#remember(image);
    }
    return this.lists;
  }

  #note(candidate) {
    if (this.noted[candidate] || candidate === this.image || this.candidates.length >= kMostCandidates) return;
    this.before[candidate] = this.after[candidate] = this.hops[candidate] = this.mutual[candidate] = this.shared[candidate] = 0;
    this.noted[candidate] = 1;
    this.candidates.push(candidate);
  }
  #count(trace, candidate) {
    this.#note(candidate);
    if (trace[candidate] < 200) ++trace[candidate];
  }

  #gather(image, before, after) {
    const { newest, next, k, mutual, shared, lists } = this;
    this.image = image;
    this.candidates.length = 0;
    if (before) this.#follow(before, this.before);
    if (after) this.#follow(after, this.after);
    for (let e = newest[image]; e >= 0; e = next[e]) {
      const owner = Math.floor(e / k);
      this.#note(owner);
      mutual[owner] = e - owner * k < 4 ? 3 : 2;
    }
    for (let e = newest[image]; e >= 0; e = next[e]) {
      const owner = Math.floor(e / k);
      for (let at = owner * k, end = at + Math.min(k, kHops); at < end; ++at) this.#count(shared, lists[at]);
      for (let f = newest[owner]; f >= 0; f = next[f]) this.#count(shared, Math.floor(f / k));
    }
  }
  #follow(lists, trace) {
    const { image, k, hops } = this;
    const first = image * k;
    for (let r = 0; r < k; ++r) {
      this.#note(lists[first + r]);
      trace[lists[first + r]] = r < 2 ? 4 : r < 5 ? 3 : r < 8 ? 2 : 1;
    }
    for (let r = 0; r < k; ++r) {
      for (let at = lists[first + r] * k, end = at + Math.min(k, kHops); at < end; ++at) this.#count(hops, lists[at]);
    }
  }

  #contextOf(candidate) {
    const shared = this.shared[candidate];
    const mutual = this.mutual[candidate] > 0 ? this.mutual[candidate] : candidate < this.image ? 1 : 0;
    const hops = kHopClass[Math.min(this.hops[candidate], 8)];
    return (((this.before[candidate] * 5 + this.after[candidate]) * 6 + hops) * 4 + mutual) * 5 + (shared < 3 ? shared : shared < 5 ? 3 : 4);
  }
  #sortCandidates() {
    const { candidates, noted, decoder } = this;
    if (candidates.length > this.keys.length) Object.assign(this, { keys: new Uint32Array(2 * candidates.length), contexts: new Uint16Array(2 * candidates.length) });
    candidates.forEach((candidate, at) => {
      this.contexts[at] = this.#contextOf(candidate);
      this.keys[at] = (65535 - decoder.learnt.probability[this.contexts[at]]) * 65536 + at;
      noted[candidate] = 0;
    });
    return this.keys.subarray(0, candidates.length).sort();
  }

  #decodeList(image) {
    const { decoder, k, candidates, members, lists } = this;
    const keys = this.#sortCandidates();
    const others = decoder.number(kOthers, k);
    members.length = 0;
    for (let at = 0; at < keys.length && members.length + others < k; ++at) {
      if (decoder.learntBit(this.contexts[keys[at] & 0xffff])) members.push(candidates[keys[at] & 0xffff]);
    }
    while (members.length < k) members.push(this.#far(image));
    for (let at = image * k, left = k - 1; left >= 0; ++at, --left) {
      lists[at] = members.splice(decoder.number(kOrder + 32 * Math.min(left, 31), left), 1)[0];
    }
  }
  #far(image) {
    const { decoder, curve, rank } = this;
    const sign = decoder.bit(2048) ? 1 : -1;
    let node = 1;
    for (let level = 0; level < 6; ++level) node = 2 * node + decoder.learntBit(kFar + node);
    let distance = 1;
    for (let left = node - 64; left > 0; --left) distance = 2 * distance + decoder.bit(2048);
    return curve[Math.min(Math.max(rank[image] + sign * distance, 0), this.images - 1)];
  }
  #remember(image) {
    const { k, lists, newest, next } = this;
    for (let e = image * k; e < (image + 1) * k; ++e) {
      next[e] = newest[lists[e]];
      newest[lists[e]] = e;
    }
  }
}

function spreadBits(bits) {
  let spread = 0;
  for (let bit = 0; bit < 14; ++bit) spread |= ((bits >> bit) & 1) << (2 * bit);
  return spread;
}

// The images along a Z-shaped curve (Morton 1966) through their points [N, 2], of 14 bits.
export function curveThrough(points) {
  const images = points.length / 2;
  const keys = Float64Array.from({ length: images }, (_, i) => (spreadBits(points[2 * i]) + 2 * spreadBits(points[2 * i + 1])) * 2 ** 24 + i).sort();
  return Int32Array.from(keys, (key) => key % 2 ** 24);
}

const kMostBytes = 64e6; // of lists that are kept once they were decoded

// Of `count` checkpoints. The first is coded by itself, the last from it, then each from those on both sides of it, whose
// middle it is: so each takes but a few others to decode.
export class CodedNeighbours {
  // `codes`: an array of bytes for each; `pointsOf(at)`: its points.
  constructor(codes, images, k, pointsOf) {
    Object.assign(this, { codes, pointsOf, decoder: null, images, k, decoded: new Map() });
    this.most = Math.max(16, Math.floor(kMostBytes / (4 * images * k)));
  }

  // The lists [N, k] of a checkpoint.
  lists(at) {
    return this.#decoded(at).lists;
  }

  #decoded(at) {
    const known = this.decoded.get(at) ?? this.#decode(at);
    this.decoded.delete(at); // and behind all others, as the last that was used
    this.decoded.set(at, known);
    if (this.decoded.size > this.most) this.decoded.delete(this.decoded.keys().next().value);
    return known;
  }
  #decode(at) {
    const { before, after, parent } = this.#codedBefore(at);
    const learnt = parent < 0 ? new Learnt() : this.#decoded(parent).learnt.copy();
    const [first, last] = [before, after].map((other) => (other < 0 ? null : this.#decoded(other).lists));
    this.decoder ??= new ListDecoder(this.images, this.k);
    return { learnt, lists: this.decoder.decode(new RangeDecoder(this.codes[at], learnt), first, last, curveThrough(this.pointsOf(at))) };
  }
  // `parent`: the one whose statistics it goes on with.
  #codedBefore(at) {
    const end = this.codes.length - 1;
    if (at === 0) return { before: -1, after: -1, parent: -1 };
    if (at === end) return { before: 0, after: -1, parent: 0 };
    for (let [before, after, parent] = [0, end, end]; ; ) {
      const middle = Math.floor((before + after) / 2);
      if (at === middle) return { before, after, parent };
      parent = middle;
      if (at < middle) after = middle;
      else before = middle;
    }
  }
}
