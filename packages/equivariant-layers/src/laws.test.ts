import { describe, expect, test } from 'vitest';
import { groundOf, type Precision } from './testing/laws/law.ts';
import { papers } from './testing/laws/papers.ts';

describe.each(['f32', 'f64'] as Precision[])('in %s', (dtype) => {
  describe.each(Object.entries(papers))('%s', (_, laws) => {
    test.each(laws.map((law) => [law.name, law] as const))('%s', (_, { error, atMost }) => {
      const found = error(groundOf(dtype)).item();
      expect(found).toBeLessThanOrEqual(atMost[dtype]);
    });
  });
});
