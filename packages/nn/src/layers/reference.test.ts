import * as ff from '@flowfield/tensor-webgpu';
import { random, type Tensor, tensor, tree } from '@flowfield/tensor-webgpu';
import { describe, expect, it } from 'vitest';
import * as nn from '../index.ts';

/**
 * Values of the same nets in PyTorch 2.15 in float64: by its modules and functions (Conv, ConvTranspose, GroupNorm, RMSNorm,
 * BatchNorm, MultiheadAttention, TransformerEncoder), the residual network and the U-Net written out with torch.nn.functional.
 * Leaf j of a tree of parameters (sorted by path) holds 0.4 sin(1.7 k + 0.9 j + 1) for k = 0, 1, …; inputs are leaves 50 to 52.
 */
describe.each(ff.devices())('layers against PyTorch on %s', (device) => {
  const filled = (shape: readonly number[], j: number): Tensor => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const values = Float64Array.from({ length: size }, (_, k) => 0.4 * Math.sin(1.7 * k + 0.9 * j + 1));
    return tensor(values, { shape, device });
  };
  const weights = <P>(net: { init(key: random.Key): P }): P => {
    const drawn = net.init(random.key(0, { device }));
    const leaves = tree.leaves<Tensor>(drawn).map((leaf, j) => filled(leaf.shape, j));
    return tree.unflatten(tree.structure(drawn), leaves) as P;
  };
  const matches = (got: Tensor, first: readonly number[], sum: number): void => {
    expect([...got.dataSync()].slice(0, first.length)).toEqual(first.map((x) => expect.closeTo(x, 9)));
    expect(got.sum().item()).toBeCloseTo(sum, 8);
  };
  const layerCase = <P>(layer: nn.Layer<P>, x: Tensor): Tensor => layer.apply(weights(layer), x);
  const dtype = 'f64';
  const rows = () => filled([5, 3], 50);
  const sequences = () => filled([2, 4, 7], 50);
  const images = () => filled([2, 3, 6, 5], 50);

  const layers: [name: string, run: () => Tensor, first: number[], sum: number][] = [
    [
      'conv1d with stride, dilation and groups',
      () =>
        layerCase(
          nn.conv1d({ inputs: 4, outputs: 6, kernel: 3, stride: 2, padding: 1, dilation: 2, groups: 2, dtype }),
          sequences(),
        ),
      [0.263884385835, 0.401916161944, 0.485354143126, 0.140248065252],
      2.5238616665572846,
    ],
    [
      'conv2d with a stride and padding for each axis',
      () =>
        layerCase(
          nn.conv2d({ inputs: 3, outputs: 4, kernel: [3, 2], stride: [2, 1], padding: [1, 0], dtype }),
          images(),
        ),
      [0.171340474414, 0.150651248906, 0.549750268273, 0.467596071132],
      1.084862692033179,
    ],
    [
      'convTranspose1d',
      () =>
        layerCase(
          nn.convTranspose1d({ inputs: 4, outputs: 3, kernel: 3, stride: 2, padding: 1, outputPadding: 1, dtype }),
          sequences(),
        ),
      [0.313975142957, 0.175139982172, 0.304671102995, 0.400617788199],
      3.548590392854509,
    ],
    [
      'convTranspose2d',
      () => layerCase(nn.convTranspose2d({ inputs: 3, outputs: 2, kernel: 4, stride: 2, padding: 1, dtype }), images()),
      [0.282868887542, 0.223935592248, 0.38396431457, 0.138544226136],
      121.7858558747401,
    ],
    [
      'groupNorm',
      () =>
        layerCase(
          nn.groupNorm({ channels: 6, groups: 3, dtype }),
          ff.concat([images(), images()], 1).add(filled([2, 6, 6, 5], 51)),
        ),
      [0.664994909241, -0.126917605578, 0.114865132838, 0.844472898335],
      25.56772780755806,
    ],
    [
      'rmsNorm',
      () => layerCase(nn.rmsNorm({ size: 7, dtype }), sequences()),
      [0.431142542717, -0.132282160634, 0.411670735836, -0.076689915124],
      0.7033034431463969,
    ],
    [
      'linear with weight normalization',
      () => layerCase(nn.linear({ inputs: 3, outputs: 4, weightNorm: true, dtype }), rows()),
      [0.516877997254, 0.163671720109, -0.246921371072, -0.066745773162],
      0.24606233922316723,
    ],
    [
      'transformer',
      () => {
        const net = nn.transformer({ inputs: 6, heads: 2, depth: 2, hidden: 10, dtype });
        return net.apply(weights(net), filled([2, 3, 6], 50));
      },
      [-0.189239533228, -0.178939934707, 0.681848648141, -0.473031791684],
      1.5231877192134107,
    ],
    [
      'residualMlp with a condition',
      () => {
        const net = nn.residualMlp({ inputs: 3, outputs: 2, width: 5, depth: 2, hidden: 7, condition: 4, dtype });
        return net.apply(weights(net), rows(), { condition: filled([5, 4], 52) });
      },
      [-0.075525226523, 0.342140503525, -0.205659425121, 0.366257465608],
      0.9213365254130975,
    ],
    [
      'unet with times, labels and attention, of odd extent',
      () => {
        const net = nn.unet({
          inputs: 1,
          channels: [4, 6],
          classes: 3,
          embedding: 8,
          attention: [1],
          heads: 2,
          groups: 4,
          dtype,
        });
        const time = tensor([0.25, 0.8], { dtype: 'f64', device });
        const label = tensor([2, 0], { dtype: 'i32', device });
        return net.apply(weights(net), filled([2, 1, 5, 6], 50), { time, label });
      },
      [-0.094142101697, -0.306877772354, -0.254865576056, -0.155952868101],
      -16.477284360613908,
    ],
  ];
  it.each(layers)('%s', (_name, run, first, sum) => {
    matches(run(), first, sum);
  });

  it('batchNorm: statistics of the batch in training, of the state afterwards', () => {
    const norm = nn.batchNorm({ size: 3, dtype });
    const params = weights(norm);
    const [y, first] = norm.apply(params, norm.initState(random.key(0, { device })), rows(), { training: true });
    matches(y, [0.817415710495, 0.329657798747, -0.032439635736], 0.6344975823044209);
    const [, second] = norm.apply(params, first, filled([5, 3], 51), { training: true });
    matches(second.mean, [0.000566682445, 0.004336794748, -0.001684226697], 0.0032192504960008635);
    matches(second.variance, [0.829852577728, 0.828081255039, 0.829603406528], 2.487537239295099);
    const [evaluated, same] = norm.apply(params, second, rows(), { training: false });
    matches(evaluated, [0.486235244233, 0.214181709542, -0.269939150688], 0.5866885239946334);
    expect(same).toBe(second);
  });

  it('batchNorm of images', () => {
    const norm = nn.batchNorm({ size: 3, axis: 1, dtype });
    const state = norm.initState(random.key(0, { device }));
    const [y, next] = norm.apply(weights(norm), state, images(), { training: true });
    matches(y, [0.815739158109, 0.044155572364, -0.071399983291], 7.6139709876530475);
    matches(next.variance, [0.908193070385, 0.908232704211, 0.908097088214], 2.724522862809625);
  });

  it('multiHeadAttention: to a context, masked, to itself, causal', () => {
    const net = nn.multiHeadAttention({ inputs: 6, heads: 2, context: 5, size: 8, dtype });
    const context = filled([2, 4, 5], 51);
    const x = filled([2, 3, 6], 50);
    const mask = tensor(
      [
        [true, true, false, true],
        [true, false, false, false],
        [true, true, true, true],
      ],
      { device },
    );
    matches(
      net.apply(weights(net), x, { context }),
      [0.131895430895, -0.254577153331, -0.066293701735],
      -1.0798609975505111,
    );
    const masked = net.apply(weights(net), x, { context, mask });
    matches(masked, [0.127552297533, -0.288969695207, -0.053087989041], -1.1158933139121232);
    const batched = net.apply(weights(net), x, { context, mask: mask.expandDims(0).broadcastTo([2, 3, 4]) });
    expect([...batched.dataSync()]).toEqual([...masked.dataSync()]);
    const own = nn.multiHeadAttention({ inputs: 6, heads: 2, dtype });
    matches(own.apply(weights(own), x), [0.226353811958, -0.221144861181, -0.169367216348], -0.502756352581836);
    const causal = own.apply(weights(own), x, { causal: true });
    matches(causal, [0.241951913683, -0.093896664193, -0.217755777255], -0.3099894253121319);
  });

  it('losses', () => {
    const logits = filled([4, 3], 3).mul(10);
    const y = tensor([0, 2, 1, 1], { dtype: 'i32', device });
    const classWeights = tensor([1, 2, 0.5], { dtype: 'f64', device });
    const cases: [Tensor, number][] = [
      [nn.crossEntropy(logits, y), 3.093270868640607],
      [nn.crossEntropy(logits, y, { labelSmoothing: 0.1 }), 3.1257942461392405],
      [nn.crossEntropy(logits, y, { labelSmoothing: 0.1, classWeights }), 2.581712538629838],
      [nn.crossEntropy(logits, y, { classWeights }), 2.546338415727358],
      [nn.crossEntropy(logits, ff.softmax(filled([4, 3], 9)), { labelSmoothing: 0.2 }), 3.1104901189476473],
      [nn.crossEntropy(logits, y, { labelSmoothing: 0.1, classWeights, reduction: 'sum' }), 14.199418962464108],
    ];
    const b = filled([5], 4).mul(20);
    const t = tensor([0, 1, 1, 0, 0.3], { dtype: 'f64', device });
    const weights = tensor([1, 0, 2, 1, 1], { dtype: 'f64', device });
    cases.push(
      [nn.bceWithLogits(b, t), 0.5887192209448883],
      [nn.bceWithLogits(b, t, { positiveWeight: 3 }), 1.722758031982353],
      [nn.bceWithLogits(b, t, { weights, reduction: 'sum' }), 2.315809777229892],
      [nn.huberLoss(b, t), 4.613528529353769],
      [nn.huberLoss(b, t, { delta: 2.5 }), 9.932082752938427],
      [nn.mseLoss(b, t), 35.015883352694324],
      [nn.maeLoss(b, t), 5.111719202956984],
    );
    for (const [value, expected] of cases) expect(value.item()).toBeCloseTo(expected, 10);
  });
});
