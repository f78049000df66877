import { library } from '../../tooling/tsup/library.ts';

export default library({ platform: 'node', entry: ['src/main.ts'], dts: false });
