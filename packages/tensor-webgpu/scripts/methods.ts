import { writeFileSync } from 'node:fs';
import { methodsInterface } from '../src/methods/testing/methodsInterface.ts';

// Writes src/tensor/methods.ts from the functions. A test tells when that is due.
writeFileSync(new URL('../src/tensor/methods.ts', import.meta.url), methodsInterface());
