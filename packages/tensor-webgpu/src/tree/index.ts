export {
  checkSameStructure,
  flatten,
  type Leaf,
  leaves,
  type Mapped,
  map,
  paths,
  type Structure,
  structure,
  type Tree,
  TreeError,
  unflatten,
} from './tree.ts';
