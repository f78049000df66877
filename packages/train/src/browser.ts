export { type BrowserStorageOptions, browserStorage } from './browser/browserStorage.ts';
