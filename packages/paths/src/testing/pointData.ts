/** Data of a few weighted numbers with E x² = 1, and expectations over N(0, 1) by the trapezoidal rule. */
export function posteriorVarianceOf(points: readonly number[], weights: readonly number[]): (s: number) => number {
  const scale = Math.sqrt(points.reduce((sum, x, i) => sum + weights[i] * x * x, 0));
  const x = points.map((value) => value / scale);
  const step = 0.03;
  return (s) => {
    let total = 0;
    for (let e = -9; e <= 9; e += step) {
      const density = (step * Math.exp((-e * e) / 2)) / Math.sqrt(2 * Math.PI);
      for (let j = 0; j < x.length; j++) {
        // -(s (x_j - x_i) + e)² / 2 + e² / 2, so that the nearest point has weight about 1.
        const p = x.map((value, i) => weights[i] * Math.exp(-((s * (x[j] - value)) ** 2) / 2 - s * (x[j] - value) * e));
        const sum = p.reduce((a, b) => a + b, 0);
        const mean = p.reduce((a, b, i) => a + (b / sum) * x[i], 0);
        const variance = p.reduce((a, b, i) => a + (b / sum) * (x[i] - mean) ** 2, 0);
        total += density * weights[j] * variance;
      }
    }
    return total;
  };
}
