import type { z } from 'zod';

/** The settings of a recipe: name -> kind (see `kinds.ts`). */
export type SettingsSchema = z.ZodObject<Record<string, z.ZodType>>;

/** Values of settings by name, as in `config.json`. */
export type SettingValues = Record<string, number | string | boolean>;

/** Settings that go together under a name. */
export type Presets = Readonly<Record<string, SettingValues>>;
