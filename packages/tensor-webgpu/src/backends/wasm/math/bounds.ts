export type UlpBound = number; export const ulpBounds = {};
