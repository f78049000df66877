import { expect, it } from 'vitest';

const code = `
  import { grad, init, tensor } from '@flowfield/tensor-webgpu';
  await init({ device: 'webgpu' });
  console.log((await grad((x) => x.square().sum())(tensor([1, 2])).data()).join());
`;

it('a process of Node that used the GPU ends by itself', async (context) => {
  if (typeof process !== 'object' || process.versions?.node === undefined) context.skip('a page does not end');
  // By a name that bundlers for pages do not follow.
  const name = 'node:child_process';
  const { spawnSync }: typeof import('node:child_process') = await import(/* @vite-ignore */ name);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@flowfield/source', '--input-type=module-typescript', '--eval', code],
    { cwd: new URL('../../..', import.meta.url), encoding: 'utf8', timeout: 60_000 },
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '2,4\n', stderr: '' });
});
