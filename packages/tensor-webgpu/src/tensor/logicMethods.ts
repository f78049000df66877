import * as ops from '../ops/index.ts';
import type { TensorLike } from '../ops/types.ts';
import { BaseTensor } from '../trace/value.ts';
import type { Tensor } from './tensor.ts';

/** Comparisons, questions about each element and functions of bits as methods. */
export abstract class LogicMethods extends BaseTensor {
  equal(y: TensorLike): Tensor {
    return ops.equal(this, y);
  }

  notEqual(y: TensorLike): Tensor {
    return ops.notEqual(this, y);
  }

  less(y: TensorLike): Tensor {
    return ops.less(this, y);
  }

  lessEqual(y: TensorLike): Tensor {
    return ops.lessEqual(this, y);
  }

  greater(y: TensorLike): Tensor {
    return ops.greater(this, y);
  }

  greaterEqual(y: TensorLike): Tensor {
    return ops.greaterEqual(this, y);
  }

  logicalAnd(y: TensorLike): Tensor {
    return ops.logicalAnd(this, y);
  }

  logicalOr(y: TensorLike): Tensor {
    return ops.logicalOr(this, y);
  }

  logicalXor(y: TensorLike): Tensor {
    return ops.logicalXor(this, y);
  }

  bitwiseAnd(y: TensorLike): Tensor {
    return ops.bitwiseAnd(this, y);
  }

  bitwiseOr(y: TensorLike): Tensor {
    return ops.bitwiseOr(this, y);
  }

  bitwiseXor(y: TensorLike): Tensor {
    return ops.bitwiseXor(this, y);
  }

  leftShift(y: TensorLike): Tensor {
    return ops.leftShift(this, y);
  }

  rightShift(y: TensorLike): Tensor {
    return ops.rightShift(this, y);
  }

  signbit(): Tensor {
    return ops.signbit(this);
  }

  isNaN(): Tensor {
    return ops.isNaN(this);
  }

  isFinite(): Tensor {
    return ops.isFinite(this);
  }

  isInf(): Tensor {
    return ops.isInf(this);
  }

  logicalNot(): Tensor {
    return ops.logicalNot(this);
  }

  bitwiseNot(): Tensor {
    return ops.bitwiseNot(this);
  }

  isClose(y: TensorLike, options?: Parameters<typeof ops.isClose>[2]): Tensor {
    return ops.isClose(this, y, options);
  }
}
