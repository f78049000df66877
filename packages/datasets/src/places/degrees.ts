/** A number with a point or a comma, a degree sign, and a hemisphere. */
const DEGREES = /^([+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?)\s*(?:°|º|deg)?\s*([NSEW])?$/i;

/**
 * The degrees that a cell stands for: `12.5`, `12,5`, `12.5°`, `12.5 N`, `33.9S`; NaN where it is no such number.
 * @param hemispheres the letters for plus and minus, such as `NS`
 */
export function readDegrees(cell: unknown, hemispheres = 'NS'): number {
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'bigint') return Number(cell);
  if (typeof cell !== 'string') return Number.NaN;
  const match = DEGREES.exec(cell.trim().replace('\u2212', '-'));
  if (match === null) return Number.NaN;
  const value = Number(match[1].replace(',', '.'));
  if (match[2] === undefined) return value;
  const side = hemispheres.indexOf(match[2].toUpperCase());
  // A sign and a letter may contradict each other.
  if (side < 0 || /^[+-]/.test(match[1])) return Number.NaN;
  return side === 0 ? value : -value;
}
