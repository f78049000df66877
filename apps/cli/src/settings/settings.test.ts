import { choice, flag, real, whole } from '@flowfield/recipes';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeSettings, givenSettings, readSettings, storedSettings } from './settings.ts';

const schema = z.object({
  width: whole({ fallback: 64, most: 512, help: 'units' }),
  rate: real({ fallback: 0.5, help: 'learning rate' }),
  keep: choice({ names: ['last', 'best'], fallback: 'last', help: 'weights' }),
  loud: flag({ fallback: false, help: 'noise' }),
});
const presets = { small: { width: 8, rate: 0.1 } };
const read = (...assignments: string[]) => readSettings(schema, presets, assignments);

describe('readSettings', () => {
  test('defaults', () => {
    expect(read()).toEqual({ width: 64, rate: 0.5, keep: 'last', loud: false });
  });

  test('text becomes numbers, names and booleans', () => {
    expect(read('width=32', 'rate=1e-3', 'keep=best', 'loud=true')).toEqual({
      width: 32,
      rate: 1e-3,
      keep: 'best',
      loud: true,
    });
  });

  test('the last assignment of a key counts, and any of them more than the preset', () => {
    expect(read('width=32', 'preset=small', 'width=16')).toMatchObject({ width: 16, rate: 0.1 });
    expect(read('width=32', 'preset=small')).toMatchObject({ width: 32, rate: 0.1 });
  });

  test('a value may hold an equals sign', () => {
    expect(() => read('keep=a=b')).toThrow("given 'a=b'");
  });

  test.each([
    ['width=1.5', 'setting width expects a whole number from 1 to 512'],
    ['width=513', 'setting width expects a whole number from 1 to 512'],
    ['rate=-1', 'setting rate expects a number of at least 0'],
    ['rate=NaN', 'setting rate expects a number of at least 0'],
    ['rate=Infinity', 'setting rate expects a number of at least 0'],
    ['loud=yes', 'setting loud expects true or false'],
    ['=3', '--set expects key=value'],
    ['constructor=3', "unknown setting 'constructor'"],
  ])('%s', (assignment, message) => {
    expect(() => read(assignment)).toThrow(message);
  });
});

test('givenSettings has those alone that were named', () => {
  expect(givenSettings(schema, presets, ['loud=true'])).toEqual({ loud: true });
  expect(givenSettings(schema, presets, ['preset=small'])).toEqual({ width: 8, rate: 0.1 });
});

test('settings from a file are settings again; newer ones have their defaults, others are refused', () => {
  const settings = read('width=32', 'loud=true');
  const { rate: _, ...older } = JSON.parse(JSON.stringify(settings));
  expect(storedSettings(schema, older)).toEqual(settings);
  expect(() => storedSettings(schema, { width: 'wide' })).toThrow(
    "setting width expects a whole number from 1 to 512, given 'wide'",
  );
  expect(() => storedSettings(schema, { widht: 3 })).toThrow(
    "config.json: unknown setting 'widht'; did you mean 'width'?",
  );
  expect(() => storedSettings(schema, { preset: 'small' })).toThrow(/unknown setting 'preset'; correct it/);
  expect(() => storedSettings(schema, null as never)).toThrow('expected the settings as an object, given null');
});

test('describeSettings', () => {
  expect(describeSettings(schema)[0]).toEqual({
    name: 'width',
    fallback: '64',
    expected: 'a whole number from 1 to 512',
    help: 'units',
  });
});
