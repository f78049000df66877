/**
 * Who may import whom: the two tables of the house. Edit here and nowhere else.
 * A package that is missing from `packageArrows` fails the check until it is listed.
 */

/** Package -> the packages it may import. `'*'` stands for all of them. */
export const packageArrows = {
  'packages/tensor-webgpu': [],
  'packages/nn': ['tensor-webgpu'],
  'packages/train': ['tensor-webgpu', 'nn'],
  'packages/datasets': [],
  'packages/ode-solvers': ['tensor-webgpu'],
  'packages/riemannian': ['tensor-webgpu'],
  'packages/paths': ['tensor-webgpu'],
  'packages/samplers': ['tensor-webgpu', 'ode-solvers', 'paths'],
  'packages/equivariant-layers': ['tensor-webgpu', 'nn'],
  'packages/graph-nets': ['tensor-webgpu', 'nn', 'equivariant-layers'],
  'packages/implicit-shapes': ['tensor-webgpu', 'nn'],
  'apps/recipes': [
    'tensor-webgpu',
    'nn',
    'train',
    'datasets',
    'ode-solvers',
    'riemannian',
    'paths',
    'samplers',
    'equivariant-layers',
    'graph-nets',
    'implicit-shapes',
  ],
  'apps/cli': '*',
  'apps/playground': '*',
  'apps/bench': '*',
  'tooling/testing': ['tensor-webgpu'],
};

/** Packages that test files and benchmarks may import besides those of their own package. */
export const testOnlyPackages = ['testing'];

/**
 * Layers of packages/tensor-webgpu/src, lowest first. A file imports from its own folder and from lower layers;
 * folders that share a layer do not import each other, not for types either. Tests are free. A folder that is missing
 * here fails the check until it is listed.
 */
export const tensorLayers = [
  ['errors'],
  ['dtype', 'shape', 'tree'],
  ['program'],
  ['optimize'],
  ['kernels'],
  ['fuse'],
  ['plan'],
  ['runtime'],
  ['backends'],
  ['tensor'],
  ['trace'],
  ['primitives'],
  ['rewrites'],
  ['transforms'],
  ['ops'],
  ['linalg', 'random', 'files'],
  ['methods'],
  ['index.ts'],
  ['fuzz'],
];
