export { type CheckedLibrary, type CheckedOp, checkOp, type OpReport } from './checkOp.ts';
export { dataPath, hasData, noDataReason } from './data.ts';
export { engineErrors } from './engineErrors.ts';
export { laterDevice } from './laterDevice.ts';
export { closeness, differences, type Measured, randomNumbers } from './numbers.ts';
export { testReadme, testReadmeOnWebgpu } from './readme.ts';
export { type ConsumerFile, compileErrors, oldestConsumer } from './strictConsumer.ts';
