// SPDX-License-Identifier: Apache-2.0
// Average linkage of a sparse graph: pairs that it does not name have similarity 0, so that clusters whose mean
// similarity is above 0 are those of the full matrix.

// What lies on it comes off the most similar first.
class Heap {
  entries = [];

  push(entry) {
    const { entries } = this;
    let at = entries.push(entry) - 1;
    for (let up; at > 0 && entries[(up = (at - 1) >> 1)].similarity < entry.similarity; at = up) entries[at] = entries[up];
    entries[at] = entry;
  }
  pop() {
    const { entries } = this;
    const top = entries[0];
    const last = entries.pop();
    if (entries.length === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= entries.length) break;
      if (down + 1 < entries.length && entries[down + 1].similarity > entries[down].similarity) ++down;
      if (entries[down].similarity <= last.similarity) break;
      entries[at] = entries[down];
      at = down;
    }
    entries[at] = last;
    return top;
  }
  get isEmpty() {
    return this.entries.length === 0;
  }
}

// `pairs`: [{a, b, similarity}] of items. `cuts`: descending similarities. For each cut the clusters, as lists of items,
// that stand before two are joined whose mean similarity is not above it; single items are no clusters.
export function averageLinkage(pairs, cuts) {
  const clusters = new Map();
  const clusterOf = (item) => clusters.get(item) ?? clusters.set(item, { items: [item], links: new Map() }).get(item);
  const heap = new Heap();
  let next = 0;
  for (const { a, b, similarity } of pairs) {
    clusterOf(a).links.set(b, similarity);
    clusterOf(b).links.set(a, similarity);
    next = Math.max(next, a + 1, b + 1);
    heap.push({ a, b, similarity });
  }
  const join = (a, b) => {
    const [one, other] = [clusters.get(a), clusters.get(b)];
    const joined = { items: [...one.items, ...other.items], links: one.links };
    for (const [c, sum] of other.links) joined.links.set(c, (joined.links.get(c) ?? 0) + sum);
    for (const gone of [a, b]) {
      joined.links.delete(gone);
      clusters.delete(gone);
    }
    clusters.set(next, joined);
    for (const [c, sum] of joined.links) {
      const { items, links } = clusters.get(c);
      links.delete(a);
      links.delete(b);
      links.set(next, sum);
      heap.push({ a: next, b: c, similarity: sum / (items.length * joined.items.length) });
    }
    ++next;
  };
  const standing = () => [...clusters.values()].map(({ items }) => items).filter((items) => items.length > 1);
  return cuts.map((cut) => {
    while (!heap.isEmpty && heap.entries[0].similarity > cut) {
      const { a, b } = heap.pop();
      if (clusters.has(a) && clusters.has(b)) join(a, b);
    }
    return standing();
  });
}
