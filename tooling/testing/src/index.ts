export { dataPath, hasData, noDataReason } from './data.ts';
export { type ReadmeExample, readmeExamples, runExample } from './readme.ts';
