import { init } from '@flowfield/tensor-webgpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { groundOf } from './testing/laws/law.ts';
import { papers } from './testing/laws/papers.ts';

beforeAll(async () => {
  await init({ device: 'webgpu' });
});

describe.each(Object.entries(papers))('%s, on a GPU', (_, laws) => {
  test.each(laws.map((law) => [law.name, law] as const))('%s', async (_, { error, atMost }) => {
    const off = error(groundOf('f32'));
    expect(off.device?.name).toBe('webgpu');
    const [found] = await off.data();
    expect(found).toBeLessThanOrEqual(atMost.f32);
  });
});
