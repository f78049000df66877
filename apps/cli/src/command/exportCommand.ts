import { join } from 'node:path';
import { zeros } from '@flowfield/tensor-webgpu';
import { exportOnnx } from '@flowfield/tensor-webgpu/onnx';
import type { Command } from 'commander';
import { encodeTorch } from '../exchange/torchNames.ts';
import { writeWhole } from '../runs/runFolder.ts';
import type { DeviceArguments } from './device.ts';
import { openModel } from './openedRun.ts';
import { addOptions } from './options.ts';
import { type Terminal, writeLine } from './terminal.ts';

interface ExportArguments extends DeviceArguments {
  format: 'safetensors' | 'onnx';
  batch: number;
  file?: string;
  json?: boolean;
}

/** `flowfield export <run>`: the network of a run for other programs. */
export function addExportCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('export')
    .description('write the network of a run for PyTorch (safetensors) or ONNX Runtime')
    .argument('<run>', 'the folder of the run');
  addOptions(command, 'format', 'batch', 'file', 'device', 'json').action((folder: string, options: ExportArguments) =>
    exportRun(folder, options, terminal),
  );
}

async function exportRun(folder: string, options: ExportArguments, { stdout }: Terminal): Promise<void> {
  const { model, params } = await openModel(folder, options);
  const { format, batch } = options;
  const file = options.file ?? join(folder, format === 'onnx' ? 'network.onnx' : 'network.safetensors');
  if (format === 'onnx') {
    const { inputs, output, apply } = model.network;
    const examples = inputs.map(({ shape }) => zeros([batch, ...shape]));
    const bytes = await exportOnnx(apply, [params, ...examples], {
      constants: [0],
      inputNames: ['params', ...inputs.map(({ name }) => name)],
      outputNames: [output],
    });
    await writeWhole(file, bytes);
  } else await writeWhole(file, await encodeTorch(params));
  const takes = model.network.inputs.map(({ name, shape }) => `${name} [${[batch, ...shape].join(', ')}]`).join(', ');
  if (options.json) writeLine(stdout, JSON.stringify({ run: folder, format, file }));
  else writeLine(stdout, format === 'onnx' ? `${file}: takes ${takes}; gives ${model.network.output}` : file);
}
