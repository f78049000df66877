import { ArgumentError, checkedOptions, checkedWhole, random, type Tensor } from '@flowfield/tensor-webgpu';
import { type Activation, type ActivationName, activation as activationNamed } from '../activations/activation.ts';
import type { Initializer, ParameterDType } from '../initializers/initializer.ts';
import { checkRate, dropout } from './dropout.ts';
import { film } from './film.ts';
import { checkLastAxis, checkList, partOf } from './layer.ts';
import { type LayerNormParams, layerNorm } from './layerNorm.ts';
import { type LinearParams, linear } from './linear.ts';

export type ResidualBlockParams = {
  norm: LayerNormParams;
  /** [γ, β] from the condition; only where there is one. */
  modulation?: LinearParams;
  first: LinearParams;
  second: LinearParams;
};

export type ResidualMlpParams = {
  input: LinearParams;
  blocks: ResidualBlockParams[];
  norm: LayerNormParams;
  output: LinearParams;
};

export interface ResidualMlpOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Features of the stream that the blocks add to. */
  readonly width: number;
  /** How many blocks. */
  readonly depth: number;
  /** Width inside a block (default `width`). */
  readonly hidden?: number;
  /** The extent of the last axis of the condition, such as features of a time and of a label (default 0: none). */
  readonly condition?: number;
  /** Default 'silu'. */
  readonly activation?: ActivationName | Activation;
  /** Rate of dropout inside a block (default 0). */
  readonly dropout?: number;
  readonly weightInit?: Initializer;
  readonly biasInit?: Initializer;
  /** For the last weight of each block, for example `zeros` to start with blocks that add nothing. */
  readonly blockWeightInit?: Initializer;
  /** For the weight of the last layer alone. */
  readonly outputWeightInit?: Initializer;
  readonly outputBiasInit?: Initializer;
  /** Default f32. */
  readonly dtype?: ParameterDType;
}

export interface ResidualMlpApplyOptions {
  /** Broadcasts to [..., condition] beside x [..., inputs]. */
  readonly condition?: Tensor;
  /** Draws the dropout; without it there is none. */
  readonly key?: random.Key | null;
}

export interface ResidualMlp {
  readonly inputs: number;
  readonly outputs: number;
  init(key: random.Key): ResidualMlpParams;
  apply(params: ResidualMlpParams, x: Tensor, options?: ResidualMlpApplyOptions): Tensor;
}

/**
 * A residual network over the last axis, modulated by a condition such as the time: h = x W + b; in every block
 * u = norm(h) (1 + γ) + β with [γ, β] = film(activation(condition)), h <- h + activation(u W₁ + b₁) W₂ + b₂; at the end
 * norm(h) W + b. x [..., inputs] -> [..., outputs] (He et al. 2016; Perez et al. 2018).
 * @throws ArgumentError for extents below 1, a bad rate, or unknown options; `apply` for a condition that is missing or not
 *   expected, and what `linear`, `layerNorm` and `film` throw.
 */
export function residualMlp(options: ResidualMlpOptions): ResidualMlp {
  const {
    inputs,
    outputs,
    width,
    depth,
    hidden = width,
    condition = 0,
    dropout: rate = 0,
    weightInit,
    biasInit,
    dtype,
    ...special
  } = checkedOptions('residualMlp', options, [
    'inputs',
    'outputs',
    'width',
    'depth',
    'hidden',
    'condition',
    'activation',
    'dropout',
    'weightInit',
    'biasInit',
    'blockWeightInit',
    'outputWeightInit',
    'outputBiasInit',
    'dtype',
  ]);
  checkedWhole('residualMlp: width', width);
  checkedWhole('residualMlp: depth', depth, 0);
  checkedWhole('residualMlp: condition', condition, 0);
  checkRate('residualMlp: dropout', rate);
  const activate = activationNamed(special.activation ?? 'silu');
  const shared = { weightInit, biasInit, dtype };
  const norm = layerNorm({ size: width, dtype });
  const modulation = condition > 0 ? film({ condition, size: width, dtype }) : null;
  const layers = {
    input: linear({ ...shared, inputs, outputs: width }),
    first: linear({ ...shared, inputs: width, outputs: hidden }),
    second: linear({ ...shared, inputs: hidden, outputs: width, weightInit: special.blockWeightInit ?? weightInit }),
    output: linear({
      ...shared,
      inputs: width,
      outputs,
      weightInit: special.outputWeightInit ?? weightInit,
      biasInit: special.outputBiasInit ?? biasInit,
    }),
  };
  return {
    inputs,
    outputs,
    init(key: random.Key): ResidualMlpParams {
      const [inputKey, outputKey, ...keys] = [...random.split(key, depth + 2)];
      const blocks = keys.map((blockKey): ResidualBlockParams => {
        const [firstKey, secondKey, modulationKey] = [...random.split(blockKey, 3)];
        return {
          norm: norm.init(blockKey),
          ...(modulation ? { modulation: modulation.init(modulationKey) } : {}),
          first: layers.first.init(firstKey),
          second: layers.second.init(secondKey),
        };
      });
      const output = layers.output.init(outputKey);
      return { input: layers.input.init(inputKey), blocks, norm: norm.init(key), output };
    },
    apply(params, x, options = {}) {
      const given = checkedOptions('residualMlp', options, ['condition', 'key']);
      checkLastAxis('residualMlp', x, inputs);
      checkList('residualMlp', 'blocks', params?.blocks, depth);
      if ((given.condition === undefined) !== (modulation === null)) {
        throw new ArgumentError(
          modulation
            ? `residualMlp: expected a condition [..., ${condition}], got none. Give it as apply(params, x, { condition }).`
            : 'residualMlp: expected no condition, got one. Make the network with the option condition, its extent.',
        );
      }
      const active = given.condition && activate(given.condition);
      const keys = given.key && rate > 0 ? [...random.split(given.key, depth)] : [];
      const start = layers.input.apply(partOf('residualMlp', params, 'input'), x);
      const end = params.blocks.reduce((h, block, i) => {
        const normal = norm.apply(partOf('residualMlp', block, 'norm'), h);
        const seen =
          modulation && active
            ? modulation.apply(partOf('residualMlp', block, 'modulation') as LinearParams, normal, active)
            : normal;
        const inner = activate(layers.first.apply(partOf('residualMlp', block, 'first'), seen));
        const thinned = dropout(keys[i] ?? null, inner, { rate });
        return h.add(layers.second.apply(partOf('residualMlp', block, 'second'), thinned));
      }, start);
      const normal = norm.apply(partOf('residualMlp', params, 'norm'), end);
      return layers.output.apply(partOf('residualMlp', params, 'output'), normal);
    },
  };
}
