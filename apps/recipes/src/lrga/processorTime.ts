/**
 * Milliseconds of processor time that this program has used, which other programs do not lengthen, where the platform tells; else those of the clock.
 */
export function processorTime(): number {
  const { process } = globalThis as { process?: { cpuUsage?: () => { user: number; system: number } } };
  if (typeof process?.cpuUsage !== 'function') return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
