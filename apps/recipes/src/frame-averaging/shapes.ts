import { frameAverage, pointNet, type SetNetworkParams } from '@flowfield/equivariant-layers';
import { adam, cosineSchedule, crossEntropy, initializers } from '@flowfield/nn';
import { argmax, concat, jit, random, type Tensor, toHost } from '@flowfield/tensor-webgpu';
import { shuffledRows } from '@flowfield/train';
import type { Part, PartContext } from '../part.ts';
import { figure } from '../pictures/figure.ts';
import { type Clouds, drawnClouds, MESHES, rotatedClouds, shapeFiles } from './shapeClouds.ts';

const [TRAINING_CLOUDS, TEST_CLOUDS] = [2000, 1000];
const BATCH = 32;
const STEPS = { plain: 1000, quick: 250, best: 1000 };
/** Clouds in one call of an evaluation. */
const CHUNK = 100;

/** What classifies clouds, and what it is trained on: all frames, the pose of the mesh, or poses at random. */
type Way = 'frames' | 'aligned' | 'turned';

export const shapes: Part = {
  name: 'shapes',
  summary: 'five meshes told apart by points of a part of them, trained in one pose and tested in all',
  minutes: 2,
  data: shapeFiles,
  efforts: ['quick'],
  metrics: [
    { name: 'frames', label: 'accuracy on rotated clouds, all frames', gate: { atLeast: 0.58 } },
    {
      name: 'poses',
      label: 'the same in the pose of training, minus that',
      gate: { atLeast: -0.005, atMost: 0.005 },
      digits: 4,
    },
    { name: 'logits', label: 'change of the class scores by rotation, median', digits: 8 },
    { name: 'gain', label: 'minus that of PointNet trained on rotated clouds', gate: { atLeast: 0.08 } },
    { name: 'turned', label: 'PointNet trained on rotated clouds', baseline: true },
    { name: 'aligned', label: 'PointNet trained in one pose', gate: { atMost: 0.35 }, baseline: true },
    { name: 'alignedPose', label: 'the same, tested in the pose of training', baseline: true },
  ],
  async run(context) {
    const key = random.key(context.seed);
    const train = await drawnClouds(context.files, TRAINING_CLOUDS, random.foldIn(key, 0));
    const test = await drawnClouds(context.files, TEST_CLOUDS, random.foldIn(key, 1));
    const rotated = { ...test, points: rotatedClouds(test.points, random.foldIn(key, 2)) };
    const frames = await fitted(context, 'frames', train);
    const aligned = await fitted(context, 'aligned', train);
    const turned = await fitted(context, 'turned', train);
    const [here, moved] = [frames.scores(test), frames.scores(rotated)];
    const found = await accuracy(moved, rotated);
    const changes = Array.from(await moved.sub(here).abs().flatten().data(), Number).sort((a, b) => a - b);
    const turnedAccuracy = await accuracy(turned.scores(rotated), rotated);
    return {
      figures: {
        frames: found,
        poses: (await accuracy(here, test)) - found,
        logits: changes[changes.length >> 1],
        gain: found - turnedAccuracy,
        turned: turnedAccuracy,
        aligned: await accuracy(aligned.scores(rotated), rotated),
        alignedPose: await accuracy(aligned.scores(test), test),
      },
      pictures: { training: trainingPicture({ frames, aligned, turned }), clouds: await cloudsPicture(test) },
    };
  },
};

/** Trains a PointNet 3-32-64-128, largest entries, 128-64-5, and scores clouds [count, 5]. */
async function fitted({ seed, effort, trained }: PartContext, way: Way, train: Clouds) {
  const net = pointNet({
    inputs: 3,
    hidden: [32, 64, 128],
    pool: 'max',
    head: [64],
    outputs: MESHES.length,
    weightInit: initializers.kaimingNormal(),
    biasInit: initializers.zeros,
  });
  const averaged = frameAverage((params: SetNetworkParams, x: Tensor) => net.apply(params, x), {
    group: 'E(3)',
    inputs: ['scalar', 'point'],
    copies: 'batched',
  });
  const score = (params: SetNetworkParams, x: Tensor): Tensor =>
    way === 'frames' ? (averaged(params, x) as Tensor) : net.apply(params, x);
  const { params, history } = await trained(way, {
    params: net.init(random.key(seed)),
    batches: shuffledRows(train, { batchSize: BATCH, seed }),
    loss: (own: SetNetworkParams, { points, labels }: Clouds, key: random.Key): Tensor =>
      crossEntropy(score(own, way === 'turned' ? rotatedClouds(points, key) : points), labels),
    optimizer: adam({ learningRate: cosineSchedule({ initial: 2e-3, steps: STEPS.plain }) }),
    steps: STEPS[effort],
    innerSteps: 25,
    logEvery: 25,
  });
  const compiled = jit((x: Tensor): Tensor => score(params, x));
  return {
    scores({ points }: Clouds): Tensor {
      const starts = Array.from({ length: points.shape[0] / CHUNK }, (_, i) => i * CHUNK);
      return concat(
        starts.map((start) => compiled(points.slice([start, start + CHUNK]))),
        0,
      );
    },
    curve: { x: history.map(({ step }) => step), y: history.map(({ loss }) => Number(loss)) },
  };
}

const accuracy = async (scores: Tensor, { labels }: Clouds): Promise<number> =>
  (await toHost(argmax(scores, { axis: -1 }).equal(labels).astype('f32').mean())).item();

const trainingPicture = (ways: Record<Way, { curve: { x: number[]; y: number[] } }>): string =>
  figure({
    title: 'Training on parts of five shapes',
    panelWidth: 500,
    aspect: 0.6,
    panels: [
      {
        kind: 'lines',
        x: { label: 'step' },
        y: { label: 'cross-entropy' },
        series: [
          { label: 'PointNet, one pose', ...ways.aligned.curve },
          { label: 'PointNet, rotated', ...ways.turned.curve },
          { label: 'all frames', ...ways.frames.curve },
        ],
      },
    ],
  });

/** The first cloud of every class from the front. */
async function cloudsPicture({ points }: Clouds): Promise<string> {
  const front = (label: number): Tensor => points.at((label * points.shape[0]) / MESHES.length).slice('...', [0, 2]);
  const seen = await Promise.all(MESHES.map((_, label) => front(label).data()));
  return figure({
    title: 'What is seen of each shape',
    panelWidth: 160,
    panels: MESHES.map((title, label) => ({
      kind: 'points' as const,
      title,
      domain: { x: [-2.2, 2.2], y: [-2.2, 2.2] },
      series: [{ points: Array.from(seen[label], Number), radius: 1.6 }],
    })),
  });
}
