import { DataArgumentError } from './arguments/argumentError.ts';
import { ofType } from './arguments/checks.ts';
import { checkedTextOrBytes, type FileBytes } from './arguments/contents.ts';
import { checkedOptions } from './arguments/options.ts';
import { checkEdgeLists, type EdgeList } from './edgeList.ts';
import { GraphLengthError, GraphValueError } from './graphFileError.ts';
import type { GraphTextOptions, PlainGraph } from './plainGraph.ts';
import { groupsText, linesOf, MOST_NODES, refuseOthers, sixBitLine, sizeText } from './sixBits.ts';

const OTHERS = {
  ':': 'This is sparse6: read it with parseSparse6.',
  ';': 'This is incremental sparse6; convert it with nauty’s copyg.',
  '&': 'This is digraph6 of directed graphs; convert it first.',
} as const;

/**
 * Reads graph6: one simple undirected graph a line, its upper triangle column by column (McKay, «Graph6, sparse6 and digraph6 formats»). Each edge is listed once, the
 * smaller node first.
 *
 * @throws GraphValueError for bytes outside 63 to 126, GraphLengthError for lines that are cut or too long, GraphFormatError for other formats;
 *   DataArgumentError for arguments of another kind
 */
export function parseGraph6(input: string | FileBytes, options: GraphTextOptions = {}): PlainGraph[] {
  const { file = 'graph6' } = checkedOptions('parseGraph6', options, { file: ofType('string') });
  return linesOf(checkedTextOrBytes('parseGraph6', input), '>>graph6<<').map(({ text, line, column }) => {
    refuseOthers(file, line, text, OTHERS);
    const { nodes, groups, column: first } = sixBitLine(file, line, text, column);
    const pairs = (nodes * (nodes - 1)) / 2;
    if (groups.length !== Math.ceil(pairs / 6)) {
      throw new GraphLengthError({
        file,
        line,
        expected: `${Math.ceil(pairs / 6)} bytes of edges for ${nodes} nodes`,
        given: `${groups.length}`,
        remedy: 'The line is cut or joined with another; take the file again.',
      });
    }
    const sources: number[] = [];
    const targets: number[] = [];
    const bit = (at: number): number => ((groups[Math.floor(at / 6)] as number) >> (5 - (at % 6))) & 1;
    for (let j = 1, at = 0; j < nodes; j++) {
      for (let i = 0; i < j; i++, at++) {
        if (bit(at) === 0) continue;
        sources.push(i);
        targets.push(j);
      }
    }
    for (let at = pairs; at < groups.length * 6; at++) {
      if (bit(at) === 0) continue;
      throw new GraphValueError({
        file,
        line,
        column: first + groups.length - 1,
        expected: 'zeros behind the last edge',
        given: 'a bit that is set',
        remedy: 'The line belongs to another number of nodes, or is damaged.',
      });
    }
    return { nodes, sources: Int32Array.from(sources), targets: Int32Array.from(targets), directed: false };
  });
}

/**
 * Writes simple undirected graphs in graph6, one line for each; all nodes are kept, isolated ones too. Arcs of directed lists count as edges.
 *
 * @throws DataArgumentError for what is no list of graphs, edges to nodes that are not there, for loops, which graph6 cannot
 *   hold (sparse6 can), and for graphs whose line no text can hold
 */
export function writeGraph6(graphs: readonly EdgeList[]): string {
  checkEdgeLists('writeGraph6', graphs, MOST_NODES);
  return graphs
    .map(({ nodes, sources, targets }, which) => {
      const size = sizeText(nodes);
      const length = Math.ceil((nodes * (nodes - 1)) / 12);
      if (length > LONGEST) {
        throw new DataArgumentError(
          `writeGraph6: graph ${which}: expected at most ${LONGEST} bytes for all pairs of nodes, given ${nodes} nodes, which need ${length} bytes. Write it with writeSparse6.`,
        );
      }
      const groups = new Uint8Array(length);
      for (let e = 0; e < sources.length; e++) {
        const [i, j] = checkedEnds('writeGraph6', which, nodes, sources[e], targets[e]);
        if (i === j) {
          throw new DataArgumentError(
            `writeGraph6: graph ${which}: expected no loops, given one at node ${i}. Write it with writeSparse6.`,
          );
        }
        const at = (j * (j - 1)) / 2 + i;
        groups[Math.floor(at / 6)] = (groups[Math.floor(at / 6)] as number) | (32 >> (at % 6));
      }
      return `${size}${groupsText(groups)}\n`;
    })
    .join('');
}

/** Bytes of a line that text can hold in every engine. */
const LONGEST = 2 ** 28;

/** The ends of an edge, the smaller one first. */
export function checkedEnds(
  op: string,
  which: number,
  nodes: number,
  source: number | undefined,
  target: number | undefined,
): [number, number] {
  const inside = (i: number | undefined): i is number => i !== undefined && Number.isInteger(i) && i >= 0 && i < nodes;
  if (inside(source) && inside(target)) return source < target ? [source, target] : [target, source];
  throw new DataArgumentError(
    `${op}: graph ${which}: expected ends 0 to ${nodes - 1}, given the edge ${source}-${target}. Nodes count from 0.`,
  );
}
