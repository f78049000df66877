import { mkdirSync, writeFileSync } from 'node:fs';
import { defaultDevice } from '../src/index.ts';
import { opsDocument } from '../src/ops/table/document.ts';

// Writes docs/ops.md from the table of functions. A test tells when that is due.
const folder = new URL('../../../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('ops.md', folder), opsDocument(['cpu', 'reference'].map((name) => defaultDevice(name))));
