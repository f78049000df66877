import { type Recipe, recipes } from '@flowfield/recipes';
import { init } from '@flowfield/tensor-webgpu';
import type { Command } from 'commander';
import { describeSettings } from '../settings/settings.ts';
import { autoDevice } from './device.ts';
import { addOptions } from './options.ts';
import { type Terminal, writeLine } from './terminal.ts';

/** `flowfield list`: recipes, their settings and data, and the devices. */
export function addListCommand(program: Command, { stdout }: Terminal): void {
  const command = program.command('list').description('show recipes, their settings and data, and the devices');
  addOptions(command, 'json').action(async ({ json }: { json?: boolean }) => {
    const devices = await init();
    const described = recipes.map(({ name, summary, data, presets, settings }) => ({
      name,
      summary,
      data,
      presets,
      settings: describeSettings(settings),
    }));
    if (json) writeLine(stdout, JSON.stringify({ recipes: described, devices }));
    else {
      for (const recipe of recipes) for (const line of describeRecipe(recipe)) writeLine(stdout, line);
      writeLine(stdout, `devices: ${[autoDevice, ...devices].join(', ')}`);
    }
  });
}

/** Lines of help on one recipe. */
export function describeRecipe({ name, summary, data, presets, settings }: Recipe): string[] {
  const rows = describeSettings(settings);
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  const fallbackWidth = Math.max(...rows.map((row) => row.fallback.length));
  return [
    `${name}: ${summary}`,
    '',
    `  data (--data): ${data.help}`,
    ...Object.entries(data.names).map(([known, help]) => `    ${known.padEnd(12)} ${help}`),
    '',
    '  settings (--set key=value), with their defaults:',
    ...rows.map(
      (row) => `    ${row.name.padEnd(nameWidth)} ${row.fallback.padEnd(fallbackWidth)}  ${row.help} (${row.expected})`,
    ),
    '',
    '  presets (--set preset=name):',
    ...Object.entries(presets).map(
      ([preset, values]) =>
        `    ${preset.padEnd(nameWidth)} ${Object.entries(values)
          .map(([key, value]) => `${key}=${value}`)
          .join(' ')}`,
    ),
    '',
  ];
}
