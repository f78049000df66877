export { dataPath, hasData, noDataReason } from './data.ts';
