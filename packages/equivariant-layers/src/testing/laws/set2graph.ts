import { concat, eye, jvp, linalg, random, type Tensor, valueAndGrad, zeros } from '@flowfield/tensor-webgpu';
import { applyMap, equivariantMaps, type Set2GraphOptions, set2Graph } from '../../index.ts';
import { distance, type Ground, law, relabel, relative, shuffle, slopeGap, worst } from './law.ts';

const N = 12;
type Options = Omit<Set2GraphOptions, 'inputs' | 'set' | 'edge' | 'dtype'>;

/** Both broadcasts, and both kinds of output. */
const KINDS: readonly Options[] = [{ diagonal: true }, { broadcast: 'S2G+', output: 'directed', diagonal: true }, {}];

function networkOf(options: Options, { dtype }: Ground) {
  const net = set2Graph({ inputs: 2, set: [32, 32, 16], edge: [32], ...options, dtype });
  const params = net.init(random.key(1));
  return (x: Tensor, mask?: boolean[]): Tensor => net.apply(params, x, mask && { mask });
}

function moved(options: Options, ground: Ground): Tensor {
  const [net, x, order] = [networkOf(options, ground), ground.drawn(2, [N, 2]), shuffle(N)];
  return relative(net(relabel(x, [0], order)), relabel(net(x), [0, 1], order));
}

/** The rank of the five maps from vectors to matrices on 1 to 4 elements. */
function ranks({ dtype }: Ground): Tensor {
  return worst(
    [1, 4, 5, 5].map((rank, i) => {
      const units = eye(i + 1, { dtype }).expandDims(-1);
      const rows = equivariantMaps({ orderIn: 1, orderOut: 2 }).map((map) =>
        applyMap(map, units).reshape([1, (i + 1) ** 3]),
      );
      return linalg.matrixRank(concat(rows, 0)).sub(rank).abs();
    }),
  );
}

function padding(ground: Ground): Tensor {
  const [net, x] = [networkOf({ diagonal: true }, ground), ground.drawn(3, [N, 2])];
  const padded = concat([x, zeros([5, 2], { dtype: ground.dtype })], 0);
  return relative(
    net(
      padded,
      Array.from({ length: N + 5 }, (_, i) => i < N),
    ).slice([0, N], [0, N]),
    net(x),
  );
}

function gradient(ground: Ground): Tensor {
  const net = networkOf({ diagonal: true }, ground);
  const [x, along] = [ground.drawn(4, [N, 2]), ground.drawn(5, [N, 2])];
  const value = (z: Tensor): Tensor => net(z).sin().mean();
  return slopeGap(valueAndGrad(value)(x)[1].mul(along).sum(), jvp(value, [x], [along])[1]);
}

/** Elements without features, whose rows cannot be made of unit length: 0 where values and derivatives are finite. */
function empty(ground: Ground): Tensor {
  const net = networkOf({ diagonal: true }, ground);
  const x = zeros([N, 2], { dtype: ground.dtype });
  const [value, slope] = valueAndGrad((z: Tensor) => net(z).sum())(x);
  return worst([value.isFinite(), slope.isFinite().all()].map((fine) => fine.logicalNot().astype(ground.dtype)));
}

export const set2graph = [
  ...KINDS.map((options, i) =>
    law(`network ${i + 1} moves with the elements`, 1e-5, 1e-12, (on) => moved(options, on)),
  ),
  law('symmetric output is so to the last bit', 0, 0, (on) => {
    const y = networkOf({ diagonal: true }, on)(on.drawn(6, [N, 2]));
    return distance(y, y.swapaxes(0, 1));
  }),
  law('the five broadcasts have ranks 1, 4, 5 and 5', 0, 0, ranks),
  law('a padded set is the set', 2e-6, 1e-12, padding),
  law('derivatives, backwards and forwards', 1e-5, 1e-12, gradient),
  law('elements without features', 0, 0, empty),
];
