import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as ff from '../../index.ts';
import { opsDocument } from './document.ts';

it('docs/ops.md is what the table says; `pnpm docs:ops` writes it anew', () => {
  const written = readFileSync(new URL('../../../../../docs/ops.md', import.meta.url), 'utf8');
  expect(written).toBe(opsDocument(['cpu', 'reference'].map((name) => ff.defaultDevice(name))));
});
