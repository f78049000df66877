import { beforeEach } from 'vitest';

const adapter = await navigator.gpu?.requestAdapter();

// A browser without an adapter is a reason to skip, not a failure.
beforeEach((context) => {
  const needsOne = context.task.file.name.endsWith('.webgpu.test.ts');
  if (needsOne && !adapter) context.skip('no WebGPU adapter in this browser');
});
