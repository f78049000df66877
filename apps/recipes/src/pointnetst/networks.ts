import {
  deepSets,
  pointNet,
  pointNetQT,
  pointNetSeg,
  pointNetST,
  type SetLayer,
  type SetNetworkParams,
} from '@flowfield/equivariant-layers';

/** The five networks of the paper, of depth 6: five hidden layers of one width, the fourth layer special. */
export const networks = {
  pointNetST,
  deepSets,
  pointNetSeg,
  pointNetQT,
  pointNet,
} as const;

export type NetworkName = keyof typeof networks;

export const networkNames = Object.keys(networks) as NetworkName[];

export const network = (
  name: NetworkName,
  options: { readonly inputs: number; readonly width: number; readonly dtype?: 'f32' | 'f64' },
): SetLayer<SetNetworkParams> => {
  const { inputs, width, dtype = 'f32' } = options;
  return networks[name]({ inputs, hidden: Array<number>(5).fill(width), outputs: 1, dtype });
};
