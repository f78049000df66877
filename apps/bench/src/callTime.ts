/**
 * What a call of a jitted step costs the host beside its work: parameters in a tree of small tensors, donated or kept, with
 * as many new ones as results. Printed are microseconds a call, the least over many short blocks of calls; to dispose what
 * was kept is not counted.
 */
import * as ff from '@flowfield/tensor-webgpu';

type Tensor = ff.Tensor;
type Tree = unknown;

const LEAVES = [1, 13, 100, 300];
const BLOCKS = 300;
/** Calls in a block times leaves. */
const WORK = 12_000;

const leaf = (): Tensor => ff.ones([4]);
const TREES: Record<string, (count: number) => Tree> = {
  list: (count) => Array.from({ length: count }, leaf),
  record: (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, leaf()])),
  layers: (count) => Array.from({ length: Math.ceil(count / 2) }, () => ({ bias: leaf(), weight: leaf() })),
};

const addOne = (tree: Tree): Tree => ff.tree.map((x: Tensor) => x.add(1), tree);

/** Microseconds of a call of `step`, which returns what it is given next; `drop` frees what it was given, and is not timed. */
function timeOf(step: (tree: Tree) => Tree, start: Tree, count: number, drop: (tree: Tree) => void): number {
  const calls = Math.ceil(WORK / count);
  let tree = start;
  let least = Number.POSITIVE_INFINITY;
  for (let block = 0; block < BLOCKS; block++) {
    let time = 0;
    for (let i = 0; i < calls; i++) {
      const before = tree;
      const began = performance.now();
      tree = step(before);
      time += performance.now() - began;
      drop(before);
    }
    least = Math.min(least, (time * 1000) / calls);
  }
  return least;
}

console.log(`${'leaves'.padEnd(8)}${'tree'.padEnd(10)}${'donated'.padStart(10)}${'kept'.padStart(10)}   µs a call`);
for (const count of LEAVES) {
  for (const [name, build] of Object.entries(TREES)) {
    const donating = ff.jit(addOne, { donate: [0] });
    const keeping = ff.jit(addOne);
    const donated = timeOf(donating, build(count), count, () => {});
    const kept = timeOf(keeping, build(count), count, (tree) => {
      for (const x of ff.tree.leaves<Tensor>(tree)) x.dispose();
    });
    console.log(
      `${String(count).padEnd(8)}${name.padEnd(10)}${donated.toFixed(2).padStart(10)}${kept.toFixed(2).padStart(10)}`,
    );
  }
}
