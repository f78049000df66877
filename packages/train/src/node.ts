export { folderStorage } from './node/folderStorage.ts';
