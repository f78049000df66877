export { type NpyArray, NpyError, type NpyFile, type NpyInput, readNpy, writeNpy } from './npy.ts';
export * from './safetensors/index.ts';
