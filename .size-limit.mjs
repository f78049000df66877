/** Budgets of the published bundles, minified and gzipped, our other packages not counted. */
const budgets = {
  // 50 kB of it is the GPU's, loaded when one is asked for.
  'tensor-webgpu': '236 kB',
  nn: '21.6 kB',
  train: '14 kB',
  // 20 kB of it is the small earthquake catalog that it ships.
  datasets: '51 kB',
  'ode-solvers': '35 kB',
  riemannian: '15 kB',
  paths: '20 kB',
  samplers: '18 kB',
  'equivariant-layers': '32 kB',
  'graph-nets': '15 kB',
};

/** What a bundle weighs that imports one name, everything counted that it brings. */
const single = [
  ['tensor-webgpu/errors', 'errors/index.js', 'checkedOptions', '0.8 kB'],
  ['tensor-webgpu/tree', 'tree/index.js', 'map', '1.5 kB'],
  ['tensor-webgpu', 'index.js', 'tensor', '124 kB'],
  ['nn', 'index.js', 'adam', '3.6 kB'],
  ['nn', 'index.js', 'cosineSchedule', '1.3 kB'],
  ['datasets', 'index.js', 'splitIndices', '2 kB'],
];

const whole = Object.entries(budgets).map(([name, limit]) => ({
  name,
  limit,
  path: `packages/${name}/dist/index.js`,
  gzip: true,
  // hyparquet is loaded when a Parquet file is read.
  ignore: ['@flowfield/*', 'node:*', 'hyparquet', 'hyparquet-compressors'],
}));

const parts = single.map(([name, file, imported, limit]) => ({
  name: `${name}: { ${imported} }`,
  limit,
  path: `packages/${name.split('/')[0]}/dist/${file}`,
  import: `{ ${imported} }`,
  gzip: true,
  ignore: ['node:*'],
}));

export default [...whole, ...parts];
