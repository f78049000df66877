import { referenceDevice } from '../backends/reference/reference.ts';
import { registerDevice } from './registry.ts';

registerDevice(referenceDevice());
