import { packageTests } from '../../tooling/vitest/project.ts';

export default packageTests(import.meta.dirname);
