/** Budgets of the published bundles, minified and gzipped, our other packages not counted. */
const budgets = {
  'tensor-webgpu': '120 kB',
  nn: '22 kB',
  train: '14 kB',
  // 20 kB of it is the small earthquake catalog that it ships.
  datasets: '44 kB',
  'ode-solvers': '34 kB',
  riemannian: '15 kB',
  paths: '20 kB',
  samplers: '18 kB',
  'equivariant-layers': '32 kB',
  'graph-nets': '15 kB',
};

export default Object.entries(budgets).map(([name, limit]) => ({
  name,
  limit,
  path: `packages/${name}/dist/index.js`,
  gzip: true,
  // hyparquet is loaded when a Parquet file is read.
  ignore: ['@flowfield/*', 'node:*', 'hyparquet', 'hyparquet-compressors'],
}));
