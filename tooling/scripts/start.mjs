// npm start [-- arguments of the flowfield command]: without arguments it trains the Earth recipe.
import { join } from 'node:path';
import { root, runNode, setUp } from './workspace.mjs';

const args = process.argv.slice(2);

await setUp();
const program = join(root, 'apps', 'cli', 'src', 'main.ts');
process.exitCode = await runNode(
  ['--conditions=@flowfield/source', '--enable-source-maps', program, ...(args.length > 0 ? args : ['train', 'earth'])],
  // The channel tells the program when this process is gone.
  { cwd: process.env.INIT_CWD ?? process.cwd(), stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
);
