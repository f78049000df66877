import { library } from '../../tooling/tsup/library.ts';

export default library({
  platform: 'node',
  entry: ['src/main.ts'],
  dts: false,
  // Private packages, and the coastlines, which are JSON: they travel inside the program.
  noExternal: ['@flowfield/recipes', 'world-atlas'],
});
