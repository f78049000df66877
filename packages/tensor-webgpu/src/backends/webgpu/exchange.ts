/**
 * Lanes of a subgroup read each other's registers, without workgroup memory and its barriers. Everything that is peculiar to it
 * stands here, because not every implementation has it, and how wide a subgroup is differs from GPU to GPU and on some
 * from kernel to kernel. So kernels exchange only among as many lanes beside each other as the narrowest subgroup has, and put
 * together the same numbers in the same order as without: results are the same to the bit with it and without, for every width.
 */

/** The feature of an adapter. */
export const EXCHANGE_FEATURE = 'subgroups';
/** What a module that exchanges begins with. */
export const EXCHANGE_ENABLED = 'enable subgroups;';
/** The attribute of the parameter by which an entry point knows a lane's place in its subgroup. */
export const PLACE_IN_SUBGROUP = '@builtin(subgroup_invocation_id)';

/** The 32 bits that the lane has whose number differs in the bit `distance`. */
export const acrossFrom = (bits: string, distance: number): string => `subgroupShuffleXor(${bits}, ${distance}u)`;
/** The 32 bits of the lane at a place in the subgroup. */
export const fromPlace = (bits: string, place: string): string => `subgroupShuffle(${bits}, ${place})`;
