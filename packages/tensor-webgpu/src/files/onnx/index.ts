export { exportOnnx, OnnxError, type OnnxOptions } from './exportOnnx.ts';
