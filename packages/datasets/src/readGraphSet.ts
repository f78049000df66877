import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ofType } from './arguments/checks.ts';
import { GraphFileError } from './graphFileError.ts';
import { type LabelledGraphs, parseGraphText, parseIndexList } from './graphText.ts';

/** Indices of one fold. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Graphs and, where the folder has them, folds. */
export interface GraphSet extends LabelledGraphs {
  readonly folds: readonly Fold[];
}

/**
 * Reads `<folder>/<name>.txt`, in the format of `parseGraphText`, and the folds `<folder>/10fold_idx/train_idx-1.txt`, `test_idx-1.txt`, …, as many as there are.
 *
 * @throws GraphFileError for files that cannot be read, a fold without its other part or with graphs in both; and what `parseGraphText` and `parseIndexList` throw;
 *   DataArgumentError for arguments that are no strings
 */
export async function readGraphSet(folder: string, name: string): Promise<GraphSet> {
  ofType('string')('readGraphSet', 'folder', folder);
  ofType('string')('readGraphSet', 'name', name);
  const file = join(folder, `${name}.txt`);
  const text = await readText(file);
  if (text === null) {
    throw new GraphFileError({
      file,
      line: 0,
      expected: 'a file that can be read',
      given: 'none',
      remedy: 'Check the folder and the name; the text format comes from dataset.zip of weihua916/powerful-gnns.',
    });
  }
  const graphs = parseGraphText(text, { file });
  const folds: Fold[] = [];
  for (let k = 1; ; k++) {
    const files = ['train', 'test'].map((part) => join(folder, '10fold_idx', `${part}_idx-${k}.txt`)) as [
      string,
      string,
    ];
    const [train, test] = (await Promise.all(files.map(readText))) as [string | null, string | null];
    if (train === null && test === null) return { ...graphs, folds };
    const read = (given: string | null, at: 0 | 1): Int32Array => {
      if (given !== null) return parseIndexList(given, { file: files[at], count: graphs.graphs.length });
      throw new GraphFileError({
        file: files[at],
        line: 0,
        expected: `both parts of fold ${k}`,
        given: 'one',
        remedy: 'Take the folds again.',
      });
    };
    const fold = { train: read(train, 0), test: read(test, 1) };
    const inTrain = new Set(fold.train);
    const shared = fold.test.find((index) => inTrain.has(index));
    if (shared !== undefined) {
      throw new GraphFileError({
        file: files[1],
        line: 0,
        expected: `graphs that are not in the training part of fold ${k}`,
        given: `graph ${shared} in both`,
        remedy: 'Take the folds again.',
      });
    }
    folds.push(fold);
  }
}

/** The text of a file, or `null` where there is none. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new GraphFileError({
      file: path,
      line: 0,
      expected: 'a file that can be read',
      given: `${(error as NodeJS.ErrnoException).code ?? error}`,
      remedy: 'Check the path and its rights.',
    });
  }
}
