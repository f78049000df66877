import { adam, applyUpdates, crossEntropy, type OptimizerState } from '@flowfield/nn';
import {
  argmax,
  jit,
  onHost,
  random,
  stack,
  type Tensor,
  tensor,
  toHost,
  tree,
  valueAndGrad,
} from '@flowfield/tensor-webgpu';
import type { PartContext } from '../part.ts';
import { equalSizeBatches, type GraphBatch, graphBatch, paddedBatches } from './graphBatches.ts';
import type { Fold, GraphSet } from './graphSet.ts';

/** A classifier of graphs: parameters and class scores [batch, classes]. */
export interface GraphClassifier<P> {
  init(key: random.Key): P;
  apply(params: P, batch: GraphBatch): Tensor;
}

export interface FoldTraining {
  readonly epochs: number;
  /** Of Adam, by epoch from 0. */
  learningRate(epoch: number): number;
  /** Graphs of one size in a step; their losses are added. */
  readonly batch: number;
}

/** What a fold came to after each epoch. */
export type FoldCurve = {
  /** Mean cross-entropy of the training graphs, each before its own update. */
  readonly training: number[];
  /** Mean cross-entropy of the held-out graphs. */
  readonly heldOut: number[];
  /** Accuracy on the test graphs, %. */
  readonly accuracy: number[];
};

/** Graphs in one call of an evaluation. */
const EVALUATION_ROWS = 10;

/** Trains a classifier on each fold and looks at it after every epoch. One compiled step serves all folds. */
export async function crossValidated<P>(
  { seed, kept, work }: PartContext,
  set: GraphSet,
  folds: readonly Fold[],
  classifier: GraphClassifier<P>,
  training: FoldTraining,
): Promise<FoldCurve[]> {
  const optimizer = adam({ learningRate: 1 });
  const losses = (params: P, batch: GraphBatch): Tensor =>
    crossEntropy(classifier.apply(params, batch), batch.labels, { reduction: 'none' }).mul(batch.weights);
  const step = jit(
    (params: P, state: OptimizerState, rate: Tensor, batch: GraphBatch): [P, OptimizerState, Tensor] => {
      // The gradient of a tree of tensors is a tree like it.
      const slopes = valueAndGrad((own: P) => losses(own, batch).sum()) as unknown as (own: P) => [Tensor, P];
      const [value, gradient] = slopes(params);
      const [updates, next] = optimizer.update(gradient, state, params);
      // Adam's update is proportional to the rate, which changes between epochs.
      const scaled = tree.map((update: Tensor) => update.mul(rate), updates) as typeof updates;
      return [applyUpdates(params, scaled), next, value];
    },
    { donate: [0, 1] },
  );
  const measure = jit((params: P, batch: GraphBatch): Tensor => {
    const right = argmax(classifier.apply(params, batch), { axis: -1 }).equal(batch.labels).astype('f32');
    return stack([losses(params, batch).sum(), right.mul(batch.weights).sum()]);
  });
  const evaluated = async (params: P, batches: readonly GraphBatch[], count: number): Promise<readonly number[]> => {
    const totals = await Promise.all(batches.map((batch) => measure(params, batch).data()));
    return [0, 1].map((i) => totals.reduce((sum, total) => sum + Number(total[i]), 0) / count);
  };

  async function fitted(fold: Fold, number: number): Promise<FoldCurve> {
    const key = random.key(1000 * seed + number);
    let params = classifier.init(random.foldIn(key, 0));
    let state = optimizer.init(params);
    const ready = (graphs: readonly number[]): GraphBatch[] =>
      paddedBatches(set, graphs, EVALUATION_ROWS).map((batch) => graphBatch(set, batch, EVALUATION_ROWS));
    const [heldOut, test] = [ready(fold.heldOut), ready(fold.test)];
    const drawn = onHost((own: random.Key) => equalSizeBatches(set, fold.train, training.batch, own));
    const curve: FoldCurve = { training: [], heldOut: [], accuracy: [] };
    for (let epoch = 0; epoch < training.epochs; epoch++) {
      const rate = tensor(training.learningRate(epoch));
      const batches = await drawn(random.foldIn(key, 1 + epoch));
      const values: Tensor[] = [];
      for (const chosen of batches) {
        const batch = graphBatch(set, chosen, chosen.length);
        const [next, nextState, value] = step(params, state, rate, batch);
        [params, state] = [next, nextState];
        values.push(value);
        for (const leaf of Object.values(batch)) leaf.dispose();
      }
      const read = await toHost(values);
      curve.training.push(read.reduce((sum, value) => sum + value.item(), 0) / fold.train.length);
      curve.heldOut.push((await evaluated(params, heldOut, fold.heldOut.length))[0]);
      curve.accuracy.push(100 * (await evaluated(params, test, fold.test.length))[1]);
      work.progress(`fold ${number + 1}`, epoch + 1, training.epochs);
      // Lets memory be collected, and a request to stop be heard.
      await new Promise((resolve) => setTimeout(resolve));
      work.signal.throwIfAborted();
    }
    return curve;
  }

  const curves: FoldCurve[] = [];
  for (const fold of folds) {
    const number = set.folds.indexOf(fold);
    curves.push(await kept(`fold-${number + 1}`, () => fitted(fold, number)));
  }
  return curves;
}
