import { ofType } from './arguments/checks.ts';
import { checkedTextOrBytes, type FileBytes } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import { checkEdgeLists, type EdgeList } from './edgeList.ts';
import { checkedEnds } from './graph6.ts';
import { GraphFormatError } from './graphFileError.ts';
import type { GraphTextOptions, PlainGraph } from './plainGraph.ts';
import { bitsText, linesOf, MOST_NODES, refuseOthers, sixBitLine, sizeText } from './sixBits.ts';

const OTHERS = {
  ';': 'This is incremental sparse6; convert it with nauty’s copyg.',
  '&': 'This is digraph6 of directed graphs; convert it first.',
} as const;

/** How many bits the number of a node takes. */
const bitsOf = (nodes: number): number => (nodes <= 1 ? 0 : Math.floor(Math.log2(nodes - 1)) + 1);

/**
 * Reads sparse6: one undirected graph a line, which may have loops and repeated edges (McKay, «Graph6, sparse6 and digraph6 formats»). Each edge is listed once, the smaller node
 * first.
 *
 * @throws GraphValueError for bytes outside 63 to 126, GraphLengthError for cut lines, GraphFormatError for other formats; DataArgumentError for
 *   arguments of another kind
 */
export function parseSparse6(input: string | FileBytes, options: GraphTextOptions = {}): PlainGraph[] {
  const { file = 'sparse6' } = checkedOptions('parseSparse6', options, { file: ofType('string') });
  return linesOf(checkedTextOrBytes('parseSparse6', input), '>>sparse6<<').map(({ text, line, column }) => {
    refuseOthers(file, line, text, OTHERS);
    if (text[0] !== ':') {
      throw new GraphFormatError({
        file,
        line,
        column,
        expected: 'a line that begins with ":"',
        given: JSON.stringify(text[0]),
        remedy: 'If this is graph6, read it with parseGraph6.',
      });
    }
    const { nodes, groups } = sixBitLine(file, line, text.slice(1), column + 1);
    const width = bitsOf(nodes);
    const count = groups.length * 6;
    const number = (from: number, length: number): number => {
      let value = 0;
      for (let at = from; at < from + length; at++) {
        value = value * 2 + (((groups[Math.floor(at / 6)] as number) >> (5 - (at % 6))) & 1);
      }
      return value;
    };
    const sources: number[] = [];
    const targets: number[] = [];
    let node = 0;
    for (let at = 0; at + 1 + width <= count; at += 1 + width) {
      node += number(at, 1);
      const other = number(at + 1, width);
      // Padding of ones names a node that is not there.
      if (node >= nodes || other >= nodes) break;
      if (other > node) {
        node = other;
      } else {
        sources.push(other);
        targets.push(node);
      }
    }
    return { nodes, sources: Int32Array.from(sources), targets: Int32Array.from(targets), directed: false };
  });
}

/**
 * Writes undirected graphs in sparse6, one line for each; all nodes, loops and repeated edges are kept. Of a directed list every arc becomes an edge.
 *
 * @throws DataArgumentError for what is no list of graphs, and edges to nodes that are not there
 */
export function writeSparse6(graphs: readonly EdgeList[]): string {
  checkEdgeLists('writeSparse6', graphs, MOST_NODES);
  return graphs
    .map(({ nodes, sources, targets }, which) => {
      const edges = Array.from(sources, (source, e) => checkedEnds('writeSparse6', which, nodes, source, targets[e]));
      edges.sort(([a, b], [c, d]) => b - d || a - c);
      const width = bitsOf(nodes);
      const digits = (value: number): number[] =>
        Array.from({ length: width }, (_, i) => Math.floor(value / 2 ** (width - 1 - i)) % 2);
      const bits: number[] = [];
      let node = 0;
      for (const [low, high] of edges) {
        if (high === node) {
          bits.push(0, ...digits(low));
        } else if (high === node + 1) {
          bits.push(1, ...digits(low));
        } else {
          bits.push(1, ...digits(high), 0, ...digits(low));
        }
        node = high;
      }
      const padding = (6 - (bits.length % 6)) % 6;
      // Here ones alone would read as a loop at the last node.
      if (width < 6 && nodes === 2 ** width && padding > width && node === nodes - 2) bits.push(0);
      while (bits.length % 6 !== 0) bits.push(1);
      return `:${sizeText(nodes)}${bitsText(bits)}\n`;
    })
    .join('');
}
