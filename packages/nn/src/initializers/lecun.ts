import type { Initializer } from './initializer.ts';
import { varianceScaling } from './varianceScaling.ts';

/** Normal with variance 1 / fanIn (LeCun et al. 1998, "Efficient BackProp", section 4.6). */
export const lecunNormal: Initializer = /* @__PURE__ */ varianceScaling({ distribution: 'normal' });

/** Uniform with variance 1 / fanIn: on [-√(3 / fanIn), √(3 / fanIn)). */
export const lecunUniform: Initializer = /* @__PURE__ */ varianceScaling({ distribution: 'uniform' });

/** Uniform on [-1/√fanIn, 1/√fanIn): PyTorch's default for the weight and the bias of a linear layer. */
export const fanInUniform: Initializer = (key, shape, context) =>
  varianceScaling({ scale: 1 / 3, distribution: 'uniform' })(key, shape, context);
