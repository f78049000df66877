import { library } from '../../tooling/tsup/library.ts';

export default library({
  index: 'src/index.ts',
  // What needs no device: packages whose functions compute by the methods of given tensors bring nothing else.
  errors: 'src/errors/index.ts',
  tree: 'src/tree/index.ts',
  scalar: 'src/trace/scalar.ts',
  // .npz and ONNX files need a library each; apart from the main entry, which needs none.
  npz: 'src/files/npz.ts',
  onnx: 'src/files/onnx/index.ts',
});
