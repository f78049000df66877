import { ofType } from './arguments/checks.ts';
import { checkedOptions } from './arguments/options.ts';
import { GraphFileError, GraphIndexError, GraphLengthError, GraphValueError } from './graphFileError.ts';
import { numberLines } from './numberLines.ts';
import type { PlainGraph } from './plainGraph.ts';

/** The texts of a data set of the TU Dortmund collection, by the endings of their files. */
export interface TuTexts {
  /** `_A.txt`: an arc a line, `source, target`, nodes counted from 1 through all graphs. */
  readonly A: string;
  /** `_graph_indicator.txt`: the graph of each node, counted from 1. */
  readonly graph_indicator: string;
  readonly graph_labels?: string;
  readonly node_labels?: string;
  readonly edge_labels?: string;
  readonly node_attributes?: string;
  readonly edge_attributes?: string;
}

/** A graph of the collection; what the data set lacks is empty. */
export interface TuGraph extends PlainGraph {
  /** Row-major [nodes, columns of the file]. */
  readonly nodeLabels: Int32Array;
  /** In the order of the arcs of this graph. */
  readonly edgeLabels: Int32Array;
  readonly nodeAttributes: Float64Array;
  readonly edgeAttributes: Float64Array;
  /** The label as the file writes it; NaN without labels. */
  readonly label: number;
}

/** Without labels nothing else says how many graphs there are: numbers so far beyond the nodes are faults, not empty graphs. */
const MOST_EMPTY = 100_000;

export interface TuOptions {
  /** Name of the data set in error messages, in front of `_A.txt`. */
  readonly name?: string;
}

/**
 * Reads the format of the TU Dortmund collection from the texts of its files. Graphs that no node names are graphs of 0 nodes and keep their place and label; isolated nodes
 * are kept. Arcs, labels and attributes stay in the order of the files.
 *
 * @throws GraphIndexError for node or graph numbers below 1 or beyond the last, and arcs between graphs; GraphLengthError for files or lines of different lengths;
 *   GraphValueError for words that are no numbers; GraphFileError where A or graph_indicator is missing;
 *   DataArgumentError for texts of other names or kinds
 */
export function parseTuFiles(texts: TuTexts, options: TuOptions = {}): TuGraph[] {
  const { name = 'TU' } = checkedOptions('parseTuFiles', options, { name: ofType('string') });
  checkedOptions('parseTuFiles, texts', texts, {
    A: checkedBelow,
    graph_indicator: checkedBelow,
    graph_labels: ofType('string'),
    node_labels: ofType('string'),
    edge_labels: ofType('string'),
    node_attributes: ofType('string'),
    edge_attributes: ofType('string'),
  });
  const fileOf = (ending: keyof TuTexts): string => `${name}_${ending}.txt`;
  for (const ending of ['A', 'graph_indicator'] as const) {
    if (typeof texts[ending] === 'string') continue;
    throw new GraphFileError({
      file: fileOf(ending),
      line: 0,
      expected: 'the text of this file',
      given: typeof texts[ending],
      remedy: 'A and graph_indicator are always needed.',
    });
  }
  const rowsOf = (ending: keyof TuTexts, whole: boolean) => allRows(fileOf(ending), texts[ending], whole);

  const indicator = checkedWidth(fileOf('graph_indicator'), rowsOf('graph_indicator', true), 1) ?? [];
  const labels = checkedWidth(fileOf('graph_labels'), rowsOf('graph_labels', false), 1);
  const last = labels?.length ?? indicator.length + MOST_EMPTY;
  const named = indicator.map(({ line, values }) =>
    numbered(fileOf('graph_indicator'), line, values[0] as number, last),
  );
  const count = labels?.length ?? named.reduce((most, graph) => Math.max(most, graph), 0);
  const nodesOf = Array.from({ length: count }, () => [] as number[]);
  const place = named.map((graph, node) => (nodesOf[graph - 1] as number[]).push(node) - 1);

  const arcs = rowsOf('A', true) ?? [];
  const arcsOf = Array.from({ length: count }, () => [] as number[]);
  const ends = arcs.map(({ line, values }, arc) => {
    const file = fileOf('A');
    if (values.length !== 2) {
      throw new GraphLengthError({
        file,
        line,
        expected: 'two node numbers',
        given: `${values.length}`,
        remedy: 'Write each arc as "source, target".',
      });
    }
    const [source, target] = values.map((value) => numbered(file, line, value, named.length) - 1) as [number, number];
    if (named[source] !== named[target]) {
      throw new GraphIndexError({
        file,
        line,
        expected: 'both ends in one graph',
        given: `node ${source + 1} of graph ${named[source]} and node ${target + 1} of graph ${named[target]}`,
        remedy: 'Nodes count from 1 through all graphs, not inside each.',
      });
    }
    (arcsOf[(named[source] as number) - 1] as number[]).push(arc);
    return [place[source] as number, place[target] as number] as const;
  });

  const nodeLabels = checkedRows(
    fileOf('node_labels'),
    checkedLabels(fileOf('node_labels'), rowsOf('node_labels', true)),
    named.length,
    'node',
  );
  const edgeLabels = checkedRows(
    fileOf('edge_labels'),
    checkedLabels(fileOf('edge_labels'), rowsOf('edge_labels', true)),
    arcs.length,
    'arc',
  );
  const nodeAttributes = checkedRows(fileOf('node_attributes'), rowsOf('node_attributes', false), named.length, 'node');
  const edgeAttributes = checkedRows(fileOf('edge_attributes'), rowsOf('edge_attributes', false), arcs.length, 'arc');
  return Array.from({ length: count }, (_, graph) => {
    const nodes = nodesOf[graph] as number[];
    const own = arcsOf[graph] as number[];
    const end = (arc: number, side: 0 | 1): number => (ends[arc] as readonly [number, number])[side];
    return {
      nodes: nodes.length,
      sources: Int32Array.from(own, (arc) => end(arc, 0)),
      targets: Int32Array.from(own, (arc) => end(arc, 1)),
      directed: true,
      nodeLabels: Int32Array.from(picked(nodeLabels, nodes)),
      edgeLabels: Int32Array.from(picked(edgeLabels, own)),
      nodeAttributes: Float64Array.from(picked(nodeAttributes, nodes)),
      edgeAttributes: Float64Array.from(picked(edgeAttributes, own)),
      label: labels?.[graph]?.values[0] ?? Number.NaN,
    };
  });
}

/** These two have an error that names the file. */
const checkedBelow = (): void => {};

type Rows = readonly { readonly line: number; readonly values: readonly number[] }[];

function allRows(file: string, text: string | undefined, whole: boolean): Rows | undefined {
  if (text === undefined) return undefined;
  const lines = numberLines(file, text, { separator: /[\s,]+/, whole });
  const rows: { line: number; values: readonly number[] }[] = [];
  while (!lines.ended()) rows.push(lines.next('a line'));
  return rows;
}

function numbered(file: string, line: number, value: number, last: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= last) return value;
  throw new GraphIndexError({
    file,
    line,
    expected: `a number from 1 to ${last}`,
    given: `${value}`,
    remedy: 'Indices start at 1 and run through all graphs.',
  });
}

/** Throws `GraphLengthError` unless every line has `width` numbers, or as many as the first. */
function checkedWidth(file: string, rows: Rows | undefined, width = rows?.[0]?.values.length): Rows | undefined {
  const odd = rows?.find(({ values }) => values.length !== width);
  if (odd === undefined) return rows;
  throw new GraphLengthError({
    file,
    line: odd.line,
    expected: width === 1 ? 'one number' : `${width} numbers, as in the lines before`,
    given: `${odd.values.length}`,
    remedy: 'Check that no line is broken, and that the files were not exchanged.',
  });
}

function checkedRows(file: string, rows: Rows | undefined, count: number, what: string): Rows | undefined {
  if (rows === undefined || rows.length === count) return checkedWidth(file, rows);
  throw new GraphLengthError({
    file,
    line: 0,
    expected: `${count} lines, one for each ${what}`,
    given: `${rows.length}`,
    remedy: 'Take the files of one data set.',
  });
}

const picked = (rows: Rows | undefined, which: readonly number[]): number[] =>
  rows === undefined ? [] : which.flatMap((i) => [...(rows[i]?.values ?? [])]);

/** Throws `GraphValueError` for labels that 32 bits do not hold. */
function checkedLabels(file: string, rows: Rows | undefined): Rows | undefined {
  for (const { line, values } of rows ?? []) {
    const large = values.find((value) => value !== (value | 0));
    if (large === undefined) continue;
    throw new GraphValueError({
      file,
      line,
      expected: 'labels from -2147483648 to 2147483647',
      given: `${large}`,
      remedy: 'Number the labels first.',
    });
  }
  return rows;
}
