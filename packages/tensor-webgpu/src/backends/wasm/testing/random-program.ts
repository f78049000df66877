import type { Value } from '../../../program/value.ts';
import { range, sizeOf } from '../../../shape/shape.ts';
import type { Build } from './against-reference.ts';

/** A source of choices: each program is a list of numbers that its builder draws from. */
class Choices {
  private readonly numbers: readonly number[];
  private at = 0;

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }

  below(bound: number): number {
    return bound <= 1 ? 0 : this.numbers[this.at++ % this.numbers.length] % bound;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

/** Factors of a size, as a new shape. */
function reshaped(choices: Choices, size: number): number[] {
  const shape: number[] = [];
  let rest = size;
  while (rest > 1 && shape.length < 3) {
    const divisors = range(1, rest + 1).filter((d) => rest % d === 0);
    const d = choices.of(divisors);
    shape.push(d);
    rest /= d;
  }
  shape.push(rest);
  return shape;
}

const shuffled = (choices: Choices, rank: number): number[] => {
  const left = range(0, rank);
  return range(0, rank).map(() => left.splice(choices.below(left.length), 1)[0]);
};

/** A program of random operations on values of one dtype; every value stays of moderate size. */
export const buildFrom =
  (numbers: readonly number[]): Build =>
  (l, ...inputs) => {
    const choices = new Choices(numbers);
    const values: Value[] = [...inputs];
    const add = (value: Value): void => {
      if (sizeOf(value.shape) <= 4000) values.push(value);
    };
    const tame = (value: Value): Value =>
      value.dtype === 'f32' || value.dtype === 'f64' ? l.max(l.min(value, 2), -2) : l.rem(value, 9);
    const steps = 3 + choices.below(14);
    for (let step = 0; step < steps; step++) {
      const x = choices.of(values);
      const rank = x.shape.length;
      const peers = values.filter((y) => y.shape.join() === x.shape.join());
      const y = choices.of(peers);
      const axis = choices.below(rank);
      switch (choices.below(19)) {
        case 0:
          add(tame(l.add(x, y)));
          break;
        case 1:
          add(tame(l.mul(x, l.sub(y, 1))));
          break;
        case 2:
          add(l.select(l.lt(x, y), x, l.neg(y)));
          break;
        case 3:
          add(x.dtype === 'f32' || x.dtype === 'f64' ? l.exp(l.min(x, 0)) : l.abs(x));
          break;
        case 4:
          add(l.reshape(x, reshaped(choices, sizeOf(x.shape))));
          break;
        case 5:
          add(l.transpose(x, shuffled(choices, rank)));
          break;
        case 6: {
          const at = choices.below(rank + 1);
          add(
            l.broadcastInDim(
              x,
              [...x.shape.slice(0, at), 1 + choices.below(5), ...x.shape.slice(at)],
              range(0, rank + 1).filter((i) => i !== at),
            ),
          );
          break;
        }
        case 7: {
          const start = x.shape.map((extent) => choices.below(extent));
          const limit = x.shape.map((extent, i) => start[i] + 1 + choices.below(extent - start[i]));
          add(
            l.slice(
              x,
              start,
              limit,
              x.shape.map(() => 1 + choices.below(3)),
            ),
          );
          break;
        }
        case 8:
          if (rank > 0) add(l.rev(x, [axis]));
          break;
        case 9:
        case 10:
          if (rank > 0)
            add(
              tame(
                l.reduceSum(
                  x,
                  range(0, rank).filter(() => choices.below(2) === 0),
                ),
              ),
            );
          break;
        case 11:
          if (rank > 0) add(l.reduceMax(x, [axis]));
          break;
        case 12:
          if (rank > 0) {
            const [a, b] = [x, choices.of(values.filter((v) => v.shape.includes(x.shape[axis])))];
            const other = b.shape.indexOf(x.shape[axis]);
            if (sizeOf(a.shape) * sizeOf(b.shape) < 60000)
              add(tame(l.dotGeneral(a, b, { contract: [[axis], [other]], batch: [[], []] })));
          }
          break;
        case 13:
          if (rank > 0) add(l.concat([x, y], axis));
          break;
        case 14:
          if (rank > 0)
            add(
              l.pad(
                x,
                x.shape.map(() => choices.below(3)),
                x.shape.map(() => choices.below(3)),
                1,
              ),
            );
          break;
        case 15: {
          const starts = x.shape
            .map(() => l.cast(l.iota([1], 0, 'i32'), 'i32'))
            .map((v) => l.add(l.reshape(v, []), choices.below(4)));
          const sizes = x.shape.map((extent) => 1 + choices.below(extent));
          add(l.dynamicSlice(x, starts, sizes));
          add(
            l.dynamicUpdateSlice(
              x,
              l.dynamicSlice(
                y,
                starts.map((v) => l.sub(v, 1)),
                sizes,
              ),
              starts,
            ),
          );
          break;
        }
        case 16:
        case 17:
          if (rank > 0) {
            const batchDims = choices.below(2) === 0 ? 0 : choices.below(rank);
            const batch = x.shape.slice(0, batchDims);
            const indexShape = [...batch, 1 + choices.below(6)];
            const flat = l.iota([sizeOf(indexShape)], 0, 'i32');
            const indices = l.sub(l.rem(l.mul(l.reshape(flat, indexShape), 1 + choices.below(3)), 8), 1);
            const updates = l.gather(y, indices, batchDims);
            const mode = choices.of(['add', 'set', 'max', 'min'] as const);
            add(tame(l.scatter(x, indices, updates, { batchDims, mode })));
          }
          break;
        default:
          if (rank > 0) add(l.gather(x, l.cast(tame(l.iota([1 + choices.below(6)], 0, x.dtype)), 'i32'), 0));
      }
    }
    const count = 1 + choices.below(4);
    return range(0, count).map((i) => values[values.length - 1 - ((i * 2) % values.length)]);
  };
