import { library } from '../../tooling/tsup/library.ts';

// .npz and ONNX files need a library each; apart from the main entry, which needs none.
export default library({ entry: { index: 'src/index.ts', npz: 'src/files/npz.ts', onnx: 'src/files/onnx/index.ts' } });
