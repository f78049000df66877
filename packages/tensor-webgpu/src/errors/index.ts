export { checkedOptions, checkedWhole, checkFunctions, checkReturned, checkTensor } from './checks.ts';
export * from './errors.ts';
export { firstNonFinite } from './finite.ts';
export { nearestName } from './nearest.ts';
