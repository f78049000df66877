import { join } from 'node:path';

// Tests of the core with wide vectors from the first program on, where the processor and the engine have them.
const core = join(import.meta.dirname, '..', '..', 'packages', 'tensor-webgpu', 'src', 'index.ts');
const { init } = (await import(core)) as { init(options: { wideVectors: boolean }): Promise<void> };
await init({ wideVectors: true });
