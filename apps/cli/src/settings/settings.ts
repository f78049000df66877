import { didYouMean, type Presets, type SettingsSchema, type SettingValues } from '@flowfield/recipes';
import type { z } from 'zod';
import { UsageError } from '../failures/failures.ts';

/** The name under which a preset is chosen beside the settings. */
const PRESET = 'preset';

/** One row of the help on settings. */
export interface SettingRow {
  name: string;
  fallback: string;
  expected: string;
  help: string;
}

/** The help on every setting, in the order of the recipe. */
export function describeSettings(schema: SettingsSchema): SettingRow[] {
  return Object.entries(schema.shape).map(([name, kind]) => {
    const { help, expected } = wordsOf(kind);
    return { name, fallback: String(kind.parse(undefined)), expected, help };
  });
}

/**
 * The settings of a run: defaults, then those of the preset, then the assignments `key=value` in their order.
 * @throws UsageError for a word that is no assignment, an unknown key or preset, or a value of another kind
 */
export function readSettings(schema: SettingsSchema, presets: Presets, assignments: readonly string[]): SettingValues {
  return schema.parse(givenSettings(schema, presets, assignments)) as SettingValues;
}

/** Those settings alone that the assignments (and the preset among them) name. */
export function givenSettings(schema: SettingsSchema, presets: Presets, assignments: readonly string[]): SettingValues {
  const given: SettingValues = {};
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals < 1) throw new UsageError(`--set expects key=value, given '${assignment}'`);
    const key = assignment.slice(0, equals);
    const value = assignment.slice(equals + 1);
    if (key === PRESET) Object.assign(given, { ...presetNamed(presets, value), ...given });
    else given[checkedKey(schema, key)] = checkedValue(schema, key, value);
  }
  return given;
}

/**
 * The settings of a run as its `config.json` has them; settings that came later have their defaults.
 * @throws UsageError for settings that are no object, an unknown key or a value of another kind
 */
export function storedSettings(schema: SettingsSchema, values: SettingValues): SettingValues {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new UsageError(`config.json: expected the settings as an object, given ${JSON.stringify(values)}`);
  }
  const names = Object.keys(schema.shape);
  for (const [key, value] of Object.entries(values)) {
    if (!names.includes(key)) {
      throw new UsageError(
        `config.json: unknown setting '${key}'${didYouMean(key, names)}; correct it, or take it out`,
      );
    }
    checkedValue(schema, key, value);
  }
  return schema.parse(values) as SettingValues;
}

function presetNamed(presets: Presets, name: string): SettingValues {
  if (Object.hasOwn(presets, name)) return presets[name];
  const names = Object.keys(presets);
  throw new UsageError(`--set ${PRESET} expects one of ${names.join(', ')}, given '${name}'${didYouMean(name, names)}`);
}

function checkedKey(schema: SettingsSchema, key: string): string {
  if (Object.hasOwn(schema.shape, key)) return key;
  const names = [...Object.keys(schema.shape), PRESET];
  throw new UsageError(`unknown setting '${key}'${didYouMean(key, names)}`);
}

function checkedValue(schema: SettingsSchema, key: string, value: SettingValues[string]): SettingValues[string] {
  const kind = schema.shape[key];
  const result = kind.safeParse(value);
  if (result.success) return result.data as SettingValues[string];
  throw new UsageError(`setting ${key} expects ${wordsOf(kind).expected}, given '${value}'`);
}

function wordsOf(kind: z.ZodType): { help: string; expected: string } {
  return kind.meta() as { help: string; expected: string };
}
