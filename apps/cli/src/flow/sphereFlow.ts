// Stand-in until the samplers package has landed.

import type { Manifold } from '@flowfield/riemannian';
import { arange, jvp, scan, stack, type Tensor, tensor, zeros } from '@flowfield/tensor-webgpu';

type Field = (x: Tensor, t: Tensor) => Tensor;

export function sampleOde(
  velocity: Field,
  x0: Tensor,
  { manifold, steps }: { manifold: Manifold; steps: number },
): Tensor {
  const h = 1 / steps;
  const [end] = scan(
    (x: Tensor, k: Tensor) => {
      const t = k.mul(h);
      const k1 = velocity(x, t);
      const k2 = velocity(x.add(k1.mul(h / 2)), t.add(h / 2));
      const k3 = velocity(x.add(k2.mul(h / 2)), t.add(h / 2));
      const k4 = velocity(x.add(k3.mul(h)), t.add(h));
      return [
        manifold.projectPoint(
          x.add(
            k1
              .add(k2.mul(2))
              .add(k3.mul(2))
              .add(k4)
              .mul(h / 6),
          ),
        ),
        null,
      ];
    },
    x0,
    arange(0, steps, 1, { dtype: 'f32' }),
  );
  return end;
}

export function logLikelihood(
  velocity: Field,
  x1: Tensor,
  { manifold, steps }: { manifold: Manifold; steps: number },
): Tensor {
  const h = -1 / steps;
  const basis = [0, 1, 2].map((i) => tensor([0, 1, 2].map((j) => (i === j ? 1 : 0))).broadcastTo(x1.shape));
  const both = (x: Tensor, t: Tensor): [Tensor, Tensor] => {
    let v = x;
    let divergence = zeros([x.shape[0]]);
    basis.forEach((direction, i) => {
      const [value, tangent] = jvp((y: Tensor) => velocity(y, t), [x], [direction]) as [Tensor, Tensor];
      v = value;
      divergence = divergence.add(tangent.slice([null, null], i));
    });
    return [v, divergence];
  };
  const [[x0, change]] = scan(
    ([x, l]: [Tensor, Tensor], k: Tensor): [[Tensor, Tensor], null] => {
      const t = k.mul(h).add(1);
      const [k1, d1] = both(x, t);
      const [k2, d2] = both(x.add(k1.mul(h / 2)), t.add(h / 2));
      const [k3, d3] = both(x.add(k2.mul(h / 2)), t.add(h / 2));
      const [k4, d4] = both(x.add(k3.mul(h)), t.add(h));
      return [
        [
          manifold.projectPoint(
            x.add(
              k1
                .add(k2.mul(2))
                .add(k3.mul(2))
                .add(k4)
                .mul(h / 6),
            ),
          ),
          l.add(
            d1
              .add(d2.mul(2))
              .add(d3.mul(2))
              .add(d4)
              .mul(h / 6),
          ),
        ],
        null,
      ];
    },
    [x1, zeros([x1.shape[0]])] as [Tensor, Tensor],
    arange(0, steps, 1, { dtype: 'f32' }),
  );
  return manifold.logBase(x0).add(change);
}
void stack;
