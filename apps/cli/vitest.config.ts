import { webgpuInNode } from '../../tooling/scripts/webgpu.mjs';
import { packageTests } from '../../tooling/vitest/project.ts';

const project = packageTests(import.meta.dirname);

// A process that a test starts has to be told where there is an adapter.
export default { ...project, test: { ...project.test, provide: { webgpu: webgpuInNode() } } };
