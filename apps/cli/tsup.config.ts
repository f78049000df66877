import { program } from '../../tooling/tsup/library.ts';

export default program({
  entry: ['src/main.ts'],
  dts: false,
  // Private packages, and the coastlines, which are JSON: they travel inside the program.
  noExternal: ['@flowfield/recipes', 'world-atlas'],
});
