import { z } from 'zod';
import { readDecimal } from './number.ts';

/** What `flowfield list` and error messages say about a setting. */
export interface SettingWords {
  /** What it does, in a few words. */
  help: string;
}

interface NumberOptions extends SettingWords {
  fallback: number;
  least?: number;
  most?: number;
}

/** A decimal number in text becomes a number; everything else is left for the check that follows. */
const readNumber = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() !== '' ? readDecimal(value) : value;

const readBoolean = (value: unknown): unknown => (value === 'true' ? true : value === 'false' ? false : value);

const range = (least: number, most: number): string =>
  most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;

/** A whole number, at least 1 unless said otherwise. */
export function whole({ fallback, least = 1, most = Number.MAX_SAFE_INTEGER, help }: NumberOptions) {
  const limit = most === Number.MAX_SAFE_INTEGER ? Infinity : most;
  return z
    .preprocess(readNumber, z.number().int().min(least).max(most))
    .default(fallback)
    .meta({ help, expected: `a whole number ${range(least, limit)}` });
}

/** A finite number, at least 0 unless said otherwise. */
export function real({ fallback, least = 0, most = Infinity, help }: NumberOptions) {
  return z
    .preprocess(readNumber, z.number().min(least).max(most))
    .default(fallback)
    .meta({ help, expected: `a number ${range(least, most)}` });
}

/** One of several names. */
export function choice<const Name extends string>({
  names,
  fallback,
  help,
}: SettingWords & { names: readonly Name[]; fallback: NoInfer<Name> }) {
  return z
    .enum(names)
    .default(fallback as never)
    .meta({ help, expected: `one of ${names.join(', ')}` });
}

/** true or false. */
export function flag({ fallback, help }: SettingWords & { fallback: boolean }) {
  return z.preprocess(readBoolean, z.boolean()).default(fallback).meta({ help, expected: 'true or false' });
}

/** Any text, such as the name of a column. */
export function text({ fallback, help }: SettingWords & { fallback: string }) {
  return z.string().default(fallback).meta({ help, expected: 'a text' });
}
