import { library } from '../../tooling/tsup/library.ts';

// .npz files need a zip library; apart from the main entry, which needs nothing.
export default library({ entry: { index: 'src/index.ts', npz: 'src/files/npz.ts' } });
