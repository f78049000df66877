import { ofType, wholeIn } from './arguments/checks.ts';
import { checkFileText } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import { GraphFileError, GraphIndexError, GraphLengthError, GraphValueError } from './graphFileError.ts';
import { numberLines } from './numberLines.ts';
import type { GraphTextOptions, PlainGraph } from './plainGraph.ts';

/** A graph with a whole number for each node and one for itself. */
export interface LabelledGraph extends PlainGraph {
  /** The tag of each node, as the file writes it. */
  readonly tags: Int32Array;
  /** Further numbers of each node, row-major [nodes, attributeCount]. */
  readonly attributes: Float64Array;
  readonly attributeCount: number;
  /** The label of the graph, as the file writes it. */
  readonly label: number;
}

/** What {@link parseGraphText} returns. */
export interface LabelledGraphs {
  readonly graphs: readonly LabelledGraph[];
  /** For each graph the index of its label in `classes`. */
  readonly labels: Int32Array;
  /** The distinct labels, ascending. */
  readonly classes: readonly number[];
  /** The distinct tags of nodes, ascending. */
  readonly tagValues: readonly number[];
}

/**
 * Reads the text format of graph classification (Xu et al. 2019, «How powerful are graph neural networks?»): the number of graphs; for each graph a line `n label`, then
 * for each of its n nodes a line `tag degree neighbour…`, neighbours counted from 0 inside the graph, and after them any attributes. Arcs are listed as the file lists
 * them, node by node, so that an undirected edge appears in both directions.
 *
 * @throws GraphValueError for words that are no numbers, GraphLengthError for counts that the file does not keep, GraphIndexError for neighbours that are not there;
 *   DataArgumentError for arguments of another kind
 */
export function parseGraphText(text: string, options: GraphTextOptions = {}): LabelledGraphs {
  checkFileText('parseGraphText', text);
  const { file = 'graphs' } = checkedOptions('parseGraphText', options, { file: ofType('string') });
  const lines = numberLines(file, text, { whole: false });
  const first = lines.next('the number of graphs');
  const count = wholeAt(file, first.line, first.values, 0, 'the number of graphs');
  if (first.values.length !== 1) {
    throw new GraphLengthError({
      file,
      line: first.line,
      expected: 'one number, how many graphs there are',
      given: `${first.values.length} numbers`,
      remedy: 'This is not the text format of graph classification.',
    });
  }
  checkLeft(file, lines, count, first.line, `${count} graphs`);
  const graphs = Array.from({ length: count }, (_, which) => {
    const what = `graph ${which} of ${count}`;
    const { line, values } = lines.next(`the size and label of ${what}`);
    if (values.length !== 2) {
      throw new GraphLengthError({
        file,
        line,
        expected: `two numbers, the size and label of ${what}`,
        given: `${values.length}`,
        remedy: 'Check the graph before: its lines and its size do not agree.',
      });
    }
    const nodes = wholeAt(file, line, values, 0, `the size of ${what}`);
    checkLeft(file, lines, nodes, line, `the ${nodes} nodes of ${what}`);
    return readGraph(file, lines, nodes, labelAt(file, line, values[1] as number), what);
  });
  lines.end(`${count} graphs`);
  const classes = [...new Set(graphs.map(({ label }) => label))].sort((a, b) => a - b);
  const tagValues = [...new Set(graphs.flatMap(({ tags }) => [...new Set(tags)]))].sort((a, b) => a - b);
  return { graphs, labels: Int32Array.from(graphs, ({ label }) => classes.indexOf(label)), classes, tagValues };
}

/** Throws `GraphLengthError` before room is made for more than the file has lines. */
function checkLeft(
  file: string,
  lines: ReturnType<typeof numberLines>,
  count: number,
  line: number,
  what: string,
): void {
  if (count <= lines.left()) return;
  throw new GraphLengthError({
    file,
    line,
    expected: `a line at least for each of ${what}`,
    given: `${lines.left()} lines to the end of the file`,
    remedy: 'The file is cut, or the count is wrong; take it again.',
  });
}

function readGraph(
  file: string,
  lines: ReturnType<typeof numberLines>,
  nodes: number,
  label: number,
  what: string,
): LabelledGraph {
  const sources: number[] = [];
  const targets: number[] = [];
  const attributes: number[] = [];
  let attributeCount = 0;
  const tags = Int32Array.from({ length: nodes }, (_, node) => {
    const { line, values } = lines.next(`node ${node} of the ${nodes} of ${what}`);
    const tag = labelAt(file, line, values[0] as number);
    const degree = wholeAt(file, line, values, 1, `the degree of node ${node} of ${what}`);
    if (values.length < 2 + degree) {
      throw new GraphLengthError({
        file,
        line,
        expected: `${degree} neighbours of node ${node} of ${what}`,
        given: `${values.length - 2}`,
        remedy: 'A node line is: tag, degree, then as many neighbours.',
      });
    }
    for (let k = 0; k < degree; k++) {
      const neighbour = values[2 + k] as number;
      if (!Number.isInteger(neighbour) || neighbour < 0 || neighbour >= nodes) {
        throw new GraphIndexError({
          file,
          line,
          expected: `neighbours 0 to ${nodes - 1} of node ${node} of ${what}`,
          given: `${neighbour}`,
          remedy: 'Neighbours count from 0 inside each graph.',
        });
      }
      sources.push(node);
      targets.push(neighbour);
    }
    const extra = values.slice(2 + degree);
    if (node === 0) attributeCount = extra.length;
    if (extra.length !== attributeCount) {
      throw new GraphLengthError({
        file,
        line,
        expected: `${attributeCount} attributes behind the neighbours, as node 0 of ${what} has`,
        given: `${extra.length}`,
        remedy: 'Check the degree of this line.',
      });
    }
    attributes.push(...extra);
    return tag;
  });
  return {
    nodes,
    sources: Int32Array.from(sources),
    targets: Int32Array.from(targets),
    directed: true,
    tags,
    attributes: Float64Array.from(attributes),
    attributeCount,
    label,
  };
}

function wholeAt(file: string, line: number, values: readonly number[], at: number, what: string): number {
  const value = values[at];
  if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  throw new GraphValueError({
    file,
    line,
    expected: `${what}, a whole number of at least 0`,
    given: value === undefined ? 'no such word' : `${value}`,
    remedy: 'Check that this is the right file, and that no line is broken.',
  });
}

function labelAt(file: string, line: number, value: number): number {
  if (Number.isInteger(value) && value === (value | 0)) return value;
  throw new GraphValueError({
    file,
    line,
    expected: 'a label or tag, a whole number',
    given: `${value}`,
    remedy: 'Number labels and tags first; further numbers go behind the neighbours.',
  });
}

export interface IndexListOptions extends GraphTextOptions {
  /** How many items the indices may name: 0 … count - 1. */
  readonly count: number;
}

/**
 * Reads a list of indices, one a line, such as the part of a fold.
 *
 * @throws GraphValueError for lines that are no numbers, GraphIndexError for indices that name none or come twice, GraphFileError for an empty list;
 *   DataArgumentError for arguments of another kind
 */
export function parseIndexList(text: string, options: IndexListOptions): Int32Array {
  checkFileText('parseIndexList', text);
  const checks = { file: ofType('string'), count: wholeIn(0) };
  const { file = 'indices', count } = checkedOptions('parseIndexList', options, checks);
  checks.count('parseIndexList', 'the option count', count);
  const lines = numberLines(file, text);
  const found: number[] = [];
  const seen = new Set<number>();
  while (!lines.ended()) {
    const { line, values } = lines.next(`an index from 0 to ${count - 1}`);
    const index = values[0] as number;
    if (values.length !== 1 || index < 0 || index >= count || seen.has(index)) {
      throw new GraphIndexError({
        file,
        line,
        expected: `one index from 0 to ${count - 1}, each at most once`,
        given: seen.has(index) ? `${index} again` : values.join(' '),
        remedy: 'Take the list that belongs to this set of graphs.',
      });
    }
    seen.add(index);
    found.push(index);
  }
  if (found.length === 0) {
    throw new GraphFileError({
      file,
      line: 0,
      expected: 'at least one index',
      given: 'an empty file',
      remedy: 'Take the file again.',
    });
  }
  return Int32Array.from(found);
}
