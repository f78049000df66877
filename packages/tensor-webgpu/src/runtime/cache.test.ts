import { describe, expect, it } from 'vitest';
import { ByteCache } from './cache.ts';

describe('a cache with a limit of bytes', () => {
  const entry = (name: string, bytes: number, dropped: string[]) => ({
    bytes,
    used: 0,
    drop: () => void dropped.push(name),
  });

  it('drops those not used for longest, never the newest', () => {
    const dropped: string[] = [];
    const cache = new ByteCache<ReturnType<typeof entry>>(100);
    for (const name of ['a', 'b', 'c', 'd']) cache.add(name, entry(name, 25, dropped));
    cache.get('a');
    expect(dropped).toEqual([]);
    cache.add('e', entry('e', 25, dropped));
    expect(dropped).toEqual(['b', 'c']);
    expect(['a', 'b', 'c', 'd', 'e'].filter((name) => cache.get(name))).toEqual(['a', 'd', 'e']);
    cache.add('large', entry('large', 1000, dropped));
    expect(dropped.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(cache.get('large')).toBeDefined();
  });

  it('drops what is replaced, and everything when it is cleared', () => {
    const dropped: string[] = [];
    const cache = new ByteCache<ReturnType<typeof entry>>(100);
    cache.add('a', entry('first', 10, dropped));
    cache.add('a', entry('second', 10, dropped));
    expect(dropped).toEqual(['first']);
    cache.clear();
    expect(dropped).toEqual(['first', 'second']);
    expect(cache.get('a')).toBeUndefined();
  });
});
