import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { didYouMean } from '@flowfield/recipes';
import { parse as parseToml } from 'smol-toml';
import { UsageError } from '../failures/failures.ts';

/** What a configuration file says of a training. */
export interface ConfigFile {
  readonly recipe?: string;
  /** Options of `train` by their names in the program, as texts that the options' own parsers take; flags as booleans. */
  readonly options: Readonly<Record<string, string | boolean>>;
  /** Settings of the recipe as the words after `--set`. */
  readonly set: readonly string[];
}

type Table = Readonly<Record<string, unknown>>;

const TEXTS = ['seed', 'steps', 'checkpointEvery', 'device', 'threads', 'out', 'data', 'columns'];
const FLAGS = ['skipBad', 'wideVectors', 'quiet'];
/** What the `config.json` of a run says besides: it follows from the rest. */
const FOLLOWS = ['split', 'versions', 'numerics'];
const OF_DATA = ['source', 'columns', 'skipBad'];
const DATA_FOLLOWS = ['name', 'sha256', 'rows', 'width'];

/**
 * Reads a configuration in TOML or JSON: the options of `train` by their names (`wide-vectors` or `wideVectors`), the `recipe`,
 * and a table `settings`. The `config.json` of a run is one, too.
 * @throws UsageError, with the file, for one that cannot be read, is malformed, or has other keys
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const table = await readTable(file);
  const fault = (what: string): never => {
    throw new UsageError(`${file}: ${what}`);
  };
  const options: Record<string, string | boolean> = {};
  const set: string[] = [];
  let recipe: string | undefined;
  const takeOption = (key: string, value: unknown): void => {
    if (FLAGS.includes(key))
      options[key] =
        typeof value === 'boolean' ? value : fault(`'${key}' expects true or false, given ${shown(value)}`);
    else if (key === 'columns' && Array.isArray(value)) options[key] = value.join(',');
    else if (typeof value === 'string' || typeof value === 'number') options[key] = String(value);
    else fault(`'${key}' expects a text or a number, given ${shown(value)}`);
  };
  for (const [written, value] of Object.entries(table)) {
    const key = camelCase(written);
    if (FOLLOWS.includes(key)) continue;
    if (key === 'recipe')
      recipe = typeof value === 'string' ? value : fault(`'recipe' expects a name, given ${shown(value)}`);
    else if (key === 'settings')
      set.push(
        ...(isTable(value)
          ? assignments(value, '', fault)
          : fault(`'settings' expects a table, given ${shown(value)}`)),
      );
    else if (key === 'data' && isTable(value)) {
      for (const [inner, one] of Object.entries(value)) {
        const name = camelCase(inner);
        if (DATA_FOLLOWS.includes(name)) continue;
        if (!OF_DATA.includes(name))
          fault(`unknown key 'data.${inner}'; expected one of ${OF_DATA.join(', ')}${didYouMean(inner, OF_DATA)}`);
        takeOption(name === 'source' ? 'data' : name, one);
      }
    } else if ([...TEXTS, ...FLAGS].includes(key)) takeOption(key, value);
    else {
      const known = ['recipe', 'settings', ...TEXTS, ...FLAGS];
      const inSettings = `; a setting of the recipe belongs into the table settings`;
      fault(`unknown key '${written}'; expected one of ${known.join(', ')}${didYouMean(key, known) || inSettings}`);
    }
  }
  return { ...(recipe !== undefined && { recipe }), options, set };
}

async function readTable(file: string): Promise<Table> {
  const ending = extname(file).toLowerCase();
  if (ending !== '.toml' && ending !== '.json') {
    throw new UsageError(`--config expects a file that ends in .toml or .json, given '${file}'`);
  }
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new UsageError(`--config expects a file, but there is no '${file}'; check the path`, { cause });
  });
  const plain = text.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = ending === '.toml' ? parseToml(plain) : JSON.parse(plain);
  } catch (cause) {
    // Below the first line the TOML reader draws the place.
    const { message, line } = cause as Error & { line?: number };
    const [reason] = message.split('\n');
    throw new UsageError(
      `${file}${line === undefined ? '' : `:${line}`}: expected ${ending === '.toml' ? 'TOML' : 'JSON'}, given something else: ${reason}; correct it`,
      { cause },
    );
  }
  if (isTable(value)) return value;
  throw new UsageError(`${file}: expected an object with the options of a training, given ${shown(value)}`);
}

/** A table of settings as the words after `--set`; a table in it has dotted names. */
function assignments(table: Table, prefix: string, fault: (what: string) => never): string[] {
  return Object.entries(table).flatMap(([key, value]) => {
    const name = `${prefix}${key}`;
    if (isTable(value)) return assignments(value, `${name}.`, fault);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return [`${name}=${value}`];
    return fault(`setting ${name} expects a number, a text, true or false, given ${shown(value)}`);
  });
}

const camelCase = (key: string): string => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const shown = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : isTable(value)
        ? 'a table'
        : `${JSON.stringify(value) ?? value}`;
