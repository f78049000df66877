import type { SetNetworkParams } from '@flowfield/equivariant-layers';
import { adam, cosineSchedule, mseLoss } from '@flowfield/nn';
import { jit, linalg, onHost, random, stack, type Tensor, tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { type FiedlerShape, fiedlerShape, POINTS, type Poses, readMeshes, shapeFiles } from './fiedlerShapes.ts';
import { type NetworkName, network } from './networks.ts';

const SHAPES = { plain: [1000, 200], quick: [240, 40], best: [1000, 200] } as const;
const EPOCHS = { plain: 200, quick: 40, best: 200 };
const [WIDTH, BATCH] = [64, 32];

export const fiedler: Part = {
  name: 'fiedler',
  summary: 'the second eigenvector of the graph of nearest neighbors on parts of three meshes, from points alone',
  minutes: 5,
  data: shapeFiles,
  seeds: [0],
  efforts: ['quick'],
  remark:
    'Poses are the orthogonal factors of Gaussian matrices as the benchmark draws them, with the signs that Householder leaves: half of the axes never occur, and a network of single points can tell. Uniform poses leave it nothing but the distance to the center.',
  metrics: [
    { name: 'pointNetST', label: '1 - R² of PointNetST', gate: { atMost: 0.31 } },
    { name: 'pointNetSTUniform', label: '1 - R² of PointNetST, uniform poses' },
    { name: 'pointNet', label: '1 - R² of PointNet', gate: { atLeast: 0.36 }, baseline: true },
    { name: 'pointNetUniform', label: '1 - R² of PointNet, uniform poses', baseline: true },
    { name: 'principal', label: '1 - R² of a cubic in the first principal coordinate', baseline: true },
    { name: 'norm', label: '1 - R² of a cubic in the distance to the center', baseline: true },
  ],
  async run(context) {
    const { seed, effort, files, work, kept } = context;
    const [training, tests] = SHAPES[effort];
    const meshes = await readMeshes(files);
    /** All shapes in poses of one kind, their targets standardized with the mean and deviation of the training shapes. */
    const shapes = async (poses: Poses): Promise<Shapes> => {
      const list = await kept(`shapes-${poses}`, async () => {
        const shape = onHost((key: random.Key) => fiedlerShape(meshes, key, poses));
        const drawn: FiedlerShape[] = [];
        for (let i = 0; i < training + tests; i++) {
          drawn.push(await shape(random.foldIn(random.key(seed), i)));
          work.progress('shapes', i + 1, training + tests);
          if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve));
          work.signal.throwIfAborted();
        }
        return drawn;
      });
      const { points, target } = asTensors(list);
      const known = target.slice([0, training]);
      return { points, target: target.sub(known.mean()).div(known.std()) };
    };
    const trainedOn = (all: Shapes, name: ShapeNetwork, run: string) => {
      const part = (from: number, to: number): Shapes => ({
        points: all.points.slice([from, to]),
        target: all.target.slice([from, to]),
      });
      return fitted(context, { name, run }, part(0, training), part(training, training + tests));
    };
    const all = await shapes('factor');
    const mixing = await trainedOn(all, 'pointNetST', 'pointNetST');
    const alone = await trainedOn(all, 'pointNet', 'pointNet');
    const turned = await shapes('uniform');
    const { error: pointNetSTUniform } = await trainedOn(turned, 'pointNetST', 'pointNetSTUniform');
    const { error: pointNetUniform } = await trainedOn(turned, 'pointNet', 'pointNetUniform');
    return {
      figures: {
        ...{ pointNetST: mixing.error, pointNet: alone.error, pointNetSTUniform, pointNetUniform },
        principal: await onHost(cubicError)(await onHost(principalCoordinate)(all.points), all.target),
        norm: await onHost(cubicError)(all.points.square().sum({ axis: -1 }).sqrt(), all.target),
      },
      pictures: {
        training: figure({
          title: 'Squared error over the variance, training',
          panelWidth: 500,
          aspect: 0.6,
          panels: [
            {
              kind: 'lines',
              x: { label: 'epoch' },
              y: { label: 'training loss', log: true },
              series: [
                { label: 'PointNet', ...alone.curve },
                { label: 'PointNetST', ...mixing.curve },
              ],
            },
          ],
        }),
      },
    };
  },
};

/** points [shapes, 128, 3], target [shapes, 128] */
type Shapes = { points: Tensor; target: Tensor };

const asTensors = (list: readonly FiedlerShape[]): Shapes => ({
  points: tensor(Float32Array.from(list.flatMap(({ points }) => points))).reshape([list.length, POINTS, 3]),
  target: tensor(Float32Array.from(list.flatMap((shape) => shape.target))).reshape([list.length, POINTS]),
});

type ShapeNetwork = Extract<NetworkName, 'pointNetST' | 'pointNet'>;

/** Trains one network of width 64 and depth 6; its squared error on the test shapes over their variance. */
async function fitted(
  { seed, effort, trained }: PartContext,
  { name, run }: { readonly name: ShapeNetwork; readonly run: string },
  train: Shapes,
  test: Shapes,
) {
  const net = network(name, { inputs: 3, width: WIDTH });
  const error = (params: SetNetworkParams, { points, target }: Shapes): Tensor =>
    mseLoss(net.apply(params, points).squeeze(-1), target);
  const perEpoch = Math.floor(train.points.shape[0] / BATCH);
  const steps = EPOCHS[effort] * perEpoch;
  const { params, history } = await trained(run, {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: error,
    optimizer: adam({ learningRate: cosineSchedule({ initial: 2e-3, steps }) }),
    steps,
    innerSteps: perEpoch,
    logEvery: perEpoch,
  });
  const [found, variance] = await toHost([jit(error)(params, test), test.target.var()]);
  return {
    error: found.item() / variance.item(),
    curve: { x: history.map(({ step }) => step / perEpoch), y: history.map(({ loss }) => Number(loss)) },
  };
}

/** |coordinate| along the axis of the largest variance, scaled to mean square 1, [shapes, 128]. */
function principalCoordinate(points: Tensor): Tensor {
  const x = points.astype('f64');
  const { eigenvectors } = linalg.eigh(x.matrixTranspose().matmul(x));
  const along = x
    .matmul(eigenvectors.slice('...', [2, 3]))
    .squeeze(-1)
    .abs();
  return along.div(along.square().mean({ axis: -1, keepDims: true }).sqrt());
}

/** 1 - R² of the best cubic on all shapes. */
function cubicError(coordinate: Tensor, target: Tensor): number {
  const [x, y] = [coordinate.astype('f64').flatten(), target.astype('f64').flatten()];
  const powers = stack([x.mul(0).add(1), x, x.square(), x.square().mul(x)], -1);
  const weights = linalg.solve(powers.T.matmul(powers), powers.T.matmul(y.expandDims(-1)));
  return powers.matmul(weights).squeeze(-1).sub(y).square().mean().item() / y.var().item();
}
