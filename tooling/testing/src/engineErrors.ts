/** What JavaScript callers pass by mistake. */
const MISTAKES: readonly (readonly [what: string, args: readonly unknown[]])[] = [
  ['nothing', []],
  ['null', [null, null, null]],
  ['undefined', [undefined, undefined]],
  ['text', ['abc']],
  ['a number', [3]],
  ['numbers', [3, 4, 5]],
  ['NaN', [Number.NaN, Number.NaN]],
  ['an object', [{}]],
  ['objects', [{}, {}]],
  ['a list', [[]]],
  ['a function', [() => 1]],
  ['a function and an object', [() => 1, {}]],
  ['an object and a function', [{}, () => 1]],
  ['a typed array', [Float64Array.of(1, 2, 3)]],
];

const ENGINE = new Set(['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

/** Milliseconds that an answer by promise is waited for. */
const PATIENCE = 2000;

/**
 * Calls every function of a module, and of the plain objects and modules in it, with values that it does not take, and lists
 * the calls that the engine answered ("Cannot read properties of undefined") where the library should have named what it
 * expected. Classes are left out, and functions by name.
 */
export async function engineErrors(module: object, leftOut: readonly string[] = []): Promise<string[]> {
  const found: string[] = [];
  for (const [name, f] of functionsOf(module, '')) {
    if (leftOut.includes(name)) continue;
    for (const [what, args] of MISTAKES) {
      const error = await errorOf(() => f(...args));
      if (error instanceof Error && ENGINE.has(error.constructor.name))
        found.push(`${name} of ${what}: ${error.constructor.name}: ${error.message}`);
    }
  }
  return found;
}

type Anything = (...args: readonly unknown[]) => unknown;

function functionsOf(container: object, path: string): [string, Anything][] {
  return Object.entries(container).flatMap(([key, value]): [string, Anything][] => {
    const name = `${path}${key}`;
    if (typeof value === 'function')
      return /^class\b/.test(Function.prototype.toString.call(value)) ? [] : [[name, value as Anything]];
    const isPlain = typeof value === 'object' && value !== null && isPlainOrModule(value);
    return isPlain ? functionsOf(value, `${name}.`) : [];
  });
}

const isPlainOrModule = (value: object): boolean =>
  Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    const result = call();
    if (result instanceof Promise) {
      const waited = new Promise((resolve) => setTimeout(resolve, PATIENCE).unref?.());
      await Promise.race([result, waited]);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
