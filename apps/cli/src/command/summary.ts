import type { Evaluation } from '@flowfield/recipes';

/** Digits after the point of a figure on the screen. */
const DIGITS = 4;

/** The table of an evaluation: one figure per line, points below each other. */
export function evaluationLines({ title, table }: Evaluation): string[] {
  const labels = Math.max(...table.map(({ label }) => label.length));
  const values = table.map(({ value }) => value.toFixed(DIGITS));
  const width = Math.max(...values.map((value) => value.length));
  const rows = table.map(({ label, note }, i) => {
    return `  ${label.padEnd(labels)}  ${values[i].padStart(width)}${note === undefined ? '' : `  ${note}`}`;
  });
  return ['', title, ...rows];
}
