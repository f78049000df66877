import { concat, eye, jvp, random, stack, type Tensor, valueAndGrad, zeros } from '@flowfield/tensor-webgpu';
import {
  deepSets,
  pointNet,
  pointNetQT,
  pointNetSeg,
  pointNetST,
  quadraticTransmission,
  transmission,
} from '../../index.ts';
import { below, distance, type Ground, law, relabel, relative, shuffle, slopeGap, worst } from './law.ts';

const N = 12;
const makers = { pointNet, pointNetST, pointNetSeg, pointNetQT, deepSets };
type Name = keyof typeof makers;
const names = Object.keys(makers) as Name[];

/** A network of the paper, six layers deep, as a function of sets and masks. */
function networkOf(name: Name, { dtype }: Ground) {
  const net = makers[name]({ inputs: 4, hidden: [16, 16, 16, 16, 16], outputs: 2, dtype });
  const params = net.init(random.key(names.indexOf(name)));
  return (x: Tensor, mask?: boolean[]): Tensor => net.apply(params as never, x, mask && { mask });
}

const overAll = (ground: Ground, error: (net: ReturnType<typeof networkOf>, x: Tensor) => Tensor): Tensor =>
  worst(names.map((name) => error(networkOf(name, ground), ground.drawn(1, [N, 4]))));

/** How far row 0 changes when the others do. */
function seen(name: Name, ground: Ground): Tensor {
  const [net, x] = [networkOf(name, ground), ground.drawn(1, [N, 4])];
  return distance(net(concat([x.slice([0, 1]), x.slice([1, N]).mul(2)], 0)).at(0), net(x).at(0));
}

function padding(net: ReturnType<typeof networkOf>, x: Tensor): Tensor {
  const padded = concat([x, zeros([5, 4], { dtype: x.dtype })], 0);
  return relative(
    net(
      padded,
      Array.from({ length: N + 5 }, (_, i) => i < N),
    ).slice([0, N]),
    net(x),
  );
}

/** T with A = 0 and B = I, in both of its forms: the mean in every row. */
function means(ground: Ground): Tensor {
  const { dtype } = ground;
  const [x, identity] = [ground.drawn(2, [N, 4]), eye(4, { dtype })];
  const mean = x.mean({ axis: 0, keepDims: true }).broadcastTo(x.shape);
  const size = { inputs: 4, outputs: 4, bias: false, dtype } as const;
  return worst([
    relative(
      transmission({ ...size, form: 'context' }).apply({ weight: stack([identity.mul(0), identity], 0) }, x),
      mean,
    ),
    relative(
      transmission({ ...size, form: 'deviation' }).apply({ weight: stack([identity, identity.neg()], 0) }, x),
      mean,
    ),
  ]);
}

/** The quadratic layer with one matrix I: m², the mean of x², and m ⊙ x. */
function quadratics(ground: Ground): Tensor {
  const { dtype } = ground;
  const [x, identity] = [ground.drawn(3, [N, 4]), eye(4, { dtype })];
  const layer = quadraticTransmission({ inputs: 4, outputs: 4, bias: false, dtype });
  const m = x.mean({ axis: 0, keepDims: true });
  const wanted = [m.square(), x.square().mean({ axis: 0, keepDims: true }), m.mul(x)];
  return worst(
    wanted.map((part, i) => {
      const weight = stack(
        Array.from({ length: 5 }, (_, k) => (k === 2 + i ? identity : identity.mul(0))),
        0,
      );
      return distance(layer.apply({ weight }, x), part.broadcastTo(x.shape));
    }),
  );
}

function gradient(ground: Ground): Tensor {
  const [x, along] = [ground.drawn(4, [N, 4]), ground.drawn(5, [N, 4])];
  return worst(
    names.map((name) => {
      const net = networkOf(name, ground);
      const value = (z: Tensor): Tensor => net(z).sin().sum();
      return slopeGap(valueAndGrad(value)(x)[1].mul(along).sum(), jvp(value, [x], [along])[1]);
    }),
  );
}

export const sets = [
  law('five networks move with the elements', 1e-5, 1e-12, (on) =>
    overAll(on, (net, x) => relative(net(relabel(x, [0], shuffle(N))), relabel(net(x), [0], shuffle(N)))),
  ),
  law('rows of PointNet do not see each other', 0, 0, (on) => seen('pointNet', on)),
  law('rows of the others do', 0, 0, (on) =>
    worst(names.filter((name) => name !== 'pointNet').map((name) => below(seen(name, on), 1e-6))),
  ),
  law('a padded set is the set', 1e-6, 1e-12, (on) => overAll(on, padding)),
  law('a transmission layer gives the mean, in both forms', 1e-6, 1e-12, means),
  law('the quadratic layer gives each of its products', 1e-6, 1e-12, quadratics),
  law('derivatives, backwards and forwards', 1e-5, 1e-12, gradient),
];
