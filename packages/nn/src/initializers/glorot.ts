import type { Initializer } from './initializer.ts';
import { varianceScaling } from './varianceScaling.ts';

/** Normal with variance 2 / (fanIn + fanOut) (Glorot & Bengio 2010, equation 12). */
export const glorotNormal: Initializer = /* @__PURE__ */ varianceScaling({
  mode: 'fanAverage',
  distribution: 'normal',
});

/** Uniform on ±√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010, equation 16). */
export const glorotUniform: Initializer = /* @__PURE__ */ varianceScaling({
  mode: 'fanAverage',
  distribution: 'uniform',
});
