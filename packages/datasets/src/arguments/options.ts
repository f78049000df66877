import { type ArgumentErrorClass, DataArgumentError } from './argumentError.ts';
import type { Check } from './checks.ts';
import { nearestWord } from './nearestWord.ts';
import { refuse } from './refuse.ts';

/** The share of a name that may be misspelt for another still to be what was meant. */
const MISSPELT = 0.4;

/** Whether a value is an object with no class of its own. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // Object.prototype, that of another page or context too, has none itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * `given` itself, the options of function `op`. A misspelt option would otherwise change nothing without a word.
 * @throws Kind unless it is a plain object of names in `checks`, each left out, undefined or as its check wants it
 */
export function checkedOptions<T extends object>(
  op: string,
  given: T,
  checks: { readonly [Name in keyof T]-?: Check },
  Kind: ArgumentErrorClass = DataArgumentError,
): T {
  const names = Object.keys(checks);
  const expected = `options { ${names.join(', ')} }`;
  if (!isPlainObject(given)) refuse(op, expected, given, `Name each option, as in { ${names[0]}: … }.`, Kind);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(checks, name)) {
      const meant = nearestWord(name, names, MISSPELT);
      throw new Kind(
        `${op}: expected ${expected}, given one named ${name}. ${meant ? `Did you mean ${meant}?` : 'Correct the name, or leave it out.'}`,
      );
    }
    if (given[name] !== undefined) checks[name as keyof T](op, `the option ${name}`, given[name], Kind);
  }
  return given;
}
