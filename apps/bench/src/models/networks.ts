import { equivariantLinear } from '@flowfield/equivariant-layers';
import { nBodyNet } from '@flowfield/graph-nets';
import { mlp, unet } from '@flowfield/nn';
import { concat, einsum, grad, random, type Tensor } from '@flowfield/tensor-webgpu';
import { type Given, normal, perceptronParameters, type Sizes } from '../problem.ts';
import { drawn, type Model } from './model.ts';
import { type Layers, perceptron } from './perceptron.ts';

const key = random.key(0);
const number = (sizes: Sizes, name: string): number => sizes[name] as number;

/** Two layers with tanh of every edge, twice, their product as matrices, and a linear layer with a skip (Maron et al. 2019). */
export const graphBlock: Model = {
  prepare(sizes) {
    const [batch, nodes, d] = ['batch', 'nodes', 'channels'].map((name) => number(sizes, name));
    const parameters = [
      [d, d, d],
      [d, d, d],
      [2 * d, d],
    ].flatMap(perceptronParameters);
    return {
      parameters,
      structure: [0, 2, 4, 6, 8].map((i) => [i, i + 1]),
      data: [normal(100, [batch, nodes, nodes, d])],
    };
  },
  loss: () => (parameters, edges) => {
    const layers = parameters as Layers;
    const left = perceptron(layers.slice(0, 2), edges, 'tanh').tanh();
    const right = perceptron(layers.slice(2, 4), edges, 'tanh').tanh();
    const multiplied = einsum('bikc,bkjc->bijc', left, right).div(edges.shape[1]);
    return perceptron(layers.slice(4), concat([edges, multiplied], -1), 'tanh')
      .square()
      .mean();
  },
};

/** The squared error of a U-Net on images. */
export const unetModel: Model = {
  prepare(sizes) {
    const [batch, side] = ['batch', 'side'].map((name) => number(sizes, name));
    return {
      ...drawn(imageNet(sizes).init(key)),
      data: [100, 101].map((stream) => normal(stream, [batch, 1, side, side])),
    };
  },
  loss: (sizes) => {
    const net = imageNet(sizes);
    return (parameters, x, y) =>
      net
        .apply(parameters as never, x)
        .sub(y)
        .square()
        .mean();
  },
};

const imageNet = (sizes: Sizes) =>
  unet({ inputs: 1, channels: sizes.channels as readonly number[], groups: number(sizes, 'groups'), time: false });

/** The squared error of two layers from matrices to matrices with ReLU, and one from matrices to numbers (Maron et al. 2019). */
export const invariant: Model = {
  prepare(sizes) {
    const [batch, nodes, d] = ['batch', 'nodes', 'channels'].map((name) => number(sizes, name));
    const { parameters, structure } = drawn(invariantLayers(d).map((layer) => layer.init(key)));
    return { parameters, structure, data: [normal(100, [batch, nodes, nodes, 1]), normal(101, [batch, 1])] };
  },
  loss: (sizes) => {
    const layers = invariantLayers(number(sizes, 'channels'));
    return (parameters, x, y) => {
      const given = parameters as Parameters<(typeof layers)[0]['apply']>[0][];
      const h = layers.slice(0, 2).reduce((value, layer, i) => layer.apply(given[i], value).relu(), x);
      return layers[2].apply(given[2], h).sub(y).square().mean();
    };
  },
};

const invariantLayers = (d: number) =>
  [
    [2, 2, 1, d],
    [2, 2, d, d],
    [2, 0, d, 1],
  ].map(([orderIn, orderOut, channelsIn, channelsOut]) =>
    equivariantLinear({ orderIn, orderOut, channelsIn, channelsOut }),
  );

/** The squared error of rounds of messages over the arcs of a sparse graph. */
export const messages: Model = {
  prepare(sizes) {
    const [nodes, degree] = ['nodes', 'degree'].map((name) => number(sizes, name));
    return {
      ...drawn(messageNet(sizes).init(key)),
      data: [normal(100, [nodes, 4]), normal(101, [nodes, 3]), ...arcs(nodes, degree)],
    };
  },
  loss: (sizes) => {
    const net = messageNet(sizes);
    const nodes = number(sizes, 'nodes');
    return (parameters, x, y, sources, targets) =>
      net
        .apply(parameters as never, x, { nodes, sources, targets })
        .sub(y)
        .square()
        .mean();
  },
};

const messageNet = (sizes: Sizes) =>
  nBodyNet({ inputs: 4, outputs: 3, width: number(sizes, 'width'), layers: number(sizes, 'rounds') });

/** Sources and targets of a graph in which `degree` arcs end at every node, from all over it. */
function arcs(nodes: number, degree: number): Given[] {
  const count = nodes * degree;
  const spread = Int32Array.from({ length: count }, (_, i) => Math.floor(((i * 0.6180339887498949) % 1) * nodes));
  const targets = Int32Array.from({ length: count }, (_, i) => Math.floor(i / degree));
  return [spread, targets].map((data) => ({ shape: [count], data }));
}

/** `mean(f²) + mean((|∇f| - 1)²) / 10` of a network with a skip and sharp softplus, as of implicit surfaces (Gropp et al. 2020). */
export const skipNet: Model = {
  prepare: (sizes) => ({
    ...drawn(surfaceNet(sizes).init(key)),
    data: [100, 101].map((stream) => normal(stream, [number(sizes, 'batch'), 3])),
  }),
  loss: (sizes) => {
    const net = surfaceNet(sizes);
    return (parameters, onSurface, anywhere) => {
      const f = (x: Tensor): Tensor => net.apply(parameters as never, x);
      const slope = grad((x: Tensor) => f(x).sum())(anywhere) as Tensor;
      const unit = slope.square().sum({ axis: 1 }).sqrt().sub(1).square().mean();
      return f(onSurface).square().mean().add(unit.mul(0.1));
    };
  },
};

function surfaceNet(sizes: Sizes) {
  const [width, depth, beta] = ['width', 'depth', 'beta'].map((name) => number(sizes, name));
  const hidden = Array.from({ length: depth }, () => width);
  return mlp({ inputs: 3, hidden, outputs: 1, activation: 'softplus', beta, skips: [depth / 2] });
}
