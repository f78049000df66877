// Publishes figures that the bench has measured: node src/report/main.ts results/cpu-1.json …
import { readFileSync } from 'node:fs';
import type { Report } from './figures.ts';
import { publish } from './publish.ts';

const files = process.argv.slice(2);
if (files.length === 0) throw new RangeError('Expected files of figures, such as results/cpu-1.json.');
for (const file of files) {
  for (const written of publish(JSON.parse(readFileSync(file, 'utf8')) as Report)) console.log(`Written to ${written}`);
}
