import { type LabelledGraph, parseGraphText, parseIndexList } from '@flowfield/datasets';
import { onHost, random } from '@flowfield/tensor-webgpu';
import type { DataFiles } from '../files.ts';

/** Graphs with classes, and which of them each fold trains on, holds out and tests on, as indices. */
export interface GraphSet {
  readonly graphs: readonly LabelledGraph[];
  /** For each graph the number of its class. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  /** Largest tag of a node and one more: the length of a one-hot code; 0 where all tags are the same. */
  readonly tags: number;
  readonly folds: readonly Fold[];
}

export interface Fold {
  readonly train: readonly number[];
  /** A tenth of each class of the given training part, at least one, to choose an epoch by. */
  readonly heldOut: readonly number[];
  readonly test: readonly number[];
}

const FOLDS = 10;
const HELD_OUT_SHARE = 0.1;

/** Files of a set of the TU collection with its ten folds. */
export const graphSetFiles = (name: string): string[] => [
  `tu/${name}/${name}.txt`,
  ...Array.from({ length: FOLDS }, (_, i) => [foldFile(name, 'train', i), foldFile(name, 'test', i)]).flat(),
];

const foldFile = (name: string, part: 'train' | 'test', fold: number): string =>
  `tu/${name}/10fold_idx/${part}_idx-${fold + 1}.txt`;

/** Reads a set and its ten folds; the held-out graphs are drawn by `seed` and the number of the fold. */
export async function graphSet(files: DataFiles, name: string, seed: number): Promise<GraphSet> {
  const text = async (file: string) => new TextDecoder().decode(await files.benchmark(file));
  const [file] = graphSetFiles(name);
  const { graphs, labels, classes, tagValues } = parseGraphText(await text(file), { file });
  const indices = async (part: 'train' | 'test', fold: number) => {
    const file = foldFile(name, part, fold);
    return [...parseIndexList(await text(file), { file, count: graphs.length })];
  };
  const folds = await Promise.all(
    Array.from({ length: FOLDS }, async (_, fold) => {
      const given = await indices('train', fold);
      const drawn = onHost((key: random.Key) => drawnByClass(given, labels, key));
      const heldOut = await drawn(random.key(1000 * seed + fold));
      const kept = new Set(heldOut);
      return { train: given.filter((graph) => !kept.has(graph)), heldOut, test: await indices('test', fold) };
    }),
  );
  return {
    graphs,
    labels,
    classes: classes.length,
    tags: tagValues.length > 1 ? Math.max(...tagValues) + 1 : 0,
    folds,
  };
}

function drawnByClass(given: readonly number[], labels: ArrayLike<number>, key: random.Key): number[] {
  const classes = [...new Set(given.map((graph) => labels[graph]))].sort((a, b) => a - b);
  return classes.flatMap((label) => {
    const own = given.filter((graph) => labels[graph] === label);
    const count = Math.max(1, Math.round(HELD_OUT_SHARE * own.length));
    return shuffled(own, random.foldIn(key, label)).slice(0, count);
  });
}

/** The items in an order drawn at random. */
export function shuffled<T>(items: readonly T[], key: random.Key): T[] {
  return Array.from(random.permutation(key, items.length).dataSync(), (at) => items[Number(at)]);
}
