/** A decimal number as every option and setting takes it: `12`, `-0.5`, `1e3`, `.25`; no hexadecimal, no `Infinity`. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that a text stands for, or NaN. */
export const readDecimal = (text: string): number => (DECIMAL.test(text.trim()) ? Number(text) : Number.NaN);
