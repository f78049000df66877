export { type NpyArray, NpyError, type NpyFile, type NpyInput, readNpy, writeNpy } from './npy.ts';
export {
  readSafetensors,
  type SafetensorsArray,
  type SafetensorsDType,
  type SafetensorsEntry,
  SafetensorsError,
  type SafetensorsFault,
  type SafetensorsFile,
  type SafetensorsInput,
  writeSafetensors,
} from './safetensors.ts';
