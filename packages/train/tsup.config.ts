import { library } from '../../tooling/tsup/library.ts';

export default library({ index: 'src/index.ts', browser: 'src/browser.ts', node: 'src/node.ts' });
