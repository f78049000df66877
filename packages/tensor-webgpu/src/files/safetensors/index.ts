export {
  type SafetensorsArray,
  type SafetensorsDType,
  type SafetensorsEntry,
  SafetensorsError,
  type SafetensorsFault,
} from './format.ts';
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsFile,
  type SafetensorsReader,
  type SafetensorsSource,
} from './read.ts';
export { type SafetensorsInput, type SafetensorsInputs, safetensorsChunks, writeSafetensors } from './write.ts';
