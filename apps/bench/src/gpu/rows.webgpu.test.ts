import { init } from '@flowfield/tensor-webgpu';
import { expect, test } from 'vitest';
import { gpuRows } from './rows.ts';

test.for(gpuRows(true).map((row) => [row.name, row] as const))(
  '%s: the numbers of the GPU are those of the CPU',
  async ([, row]) => {
    const numbers: number[] = [];
    for (const device of ['cpu', 'webgpu']) {
      await init({ device });
      const job = row.start(device);
      for (let step = 0; step < 3; step++) job.run();
      numbers.push(await job.settle());
      job.dispose();
    }
    const [wanted, got] = numbers;
    expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-4 * Math.max(Math.abs(wanted), 0.1));
  },
);
