import { ofType } from './arguments/checks.ts';
import { checkedBytes, type FileBytes } from './arguments/contents.ts';
import { nearestWord } from './arguments/nearestWord.ts';
import { checkedOptions } from './arguments/options.ts';
import { describe } from './arguments/refuse.ts';
import { ChecksumError, EarthDataError, UnknownDatasetError } from './earthError.ts';
import { parseLatLonCsv } from './parseLatLonCsv.ts';
import type { LatLonPoints } from './spherical.ts';

const SHA256 = {
  volcano: 'efa62c3cb77c18c00a5d6a8f1908f49cc1e0694f668d4fd808d13a60700e6315',
  earthquake: 'a3921ccf0b85baf4fff8bb0d60312fd0e27c0a03be8492900ee04438e94c2a65',
  flood: 'e810b3d03a1977630b935e0b5356922afc1007b25cbbd898396aede18e714ce0',
  fire: 'd6bd754abfe369b9a9da9aa66b3d92dcd144ee6e06aa0bc1248d449a15fea999',
} as const;

/** The four Earth data sets: 827, 6,120, 4,875 and 12,809 events. */
export type EarthName = keyof typeof SHA256;

/** The names of the Earth data sets. */
export const earthNames = Object.keys(SHA256) as EarthName[];

export interface ParseEarthOptions {
  /** Where the bytes came from, for error messages; `<name>.csv` when left out. */
  file?: string;
}

/**
 * The events of one of the Earth data sets of geometric density modeling from the bytes of its file, once their SHA-256
 * is the published one. Rows come as in the file, exact duplicates included (560 of volcano, 673 of earthquake).
 *
 * Data of Mathieu and Nickel, "Riemannian continuous normalizing flows", NeurIPS 2020, as packed by
 * Chen and Lipman, "Flow matching on general geometries", arXiv 2302.03660, section 5.
 *
 * @throws UnknownDatasetError, ChecksumError, CsvError; EarthDataError in a page without Web Crypto; DataArgumentError for
 * arguments of another kind
 */
export async function parseEarth(
  name: EarthName,
  bytes: FileBytes,
  options: ParseEarthOptions = {},
): Promise<LatLonPoints> {
  checkEarthName(name);
  const { file = `${name}.csv` } = checkedOptions('parseEarth', options, { file: ofType('string') });
  const given = checkedBytes('parseEarth', 'the file', bytes);
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new EarthDataError(
      'parseEarth: expected Web Crypto for SHA-256, given a page without it. Serve the page by https, or from localhost.',
    );
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', Uint8Array.from(given)));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (sha256 !== SHA256[name]) throw new ChecksumError(file, SHA256[name], sha256);
  const { latitude, longitude, points } = parseLatLonCsv(new TextDecoder().decode(given), { file });
  return { latitude, longitude, points };
}

/** @throws UnknownDatasetError, with the nearest name */
export function checkEarthName(name: unknown): void {
  if (typeof name === 'string' && Object.hasOwn(SHA256, name)) return;
  throw new UnknownDatasetError(name, nearestWord(describe(name), earthNames) as string, earthNames);
}
