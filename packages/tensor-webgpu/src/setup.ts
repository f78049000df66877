import { referenceDevice } from './backends/reference/reference.ts';
import { cpuDevice } from './backends/wasm/device.ts';
import { checkedOptions } from './errors/checks.ts';
import { registerRewrites } from './optimize/rewrite.ts';
import { rewriteRules } from './rewrites/index.ts';
import { devices, registerDevice } from './runtime/registry.ts';
import { useWideVectors } from './wideVectors.ts';

const cpu = cpuDevice();

// The one place where the parts that know nothing of each other are put together.
registerRewrites(rewriteRules);
registerDevice(cpu);
registerDevice(referenceDevice());

export interface InitOptions {
  /**
   * Node only: let V8 join vectors into ones of 256 bits (experimental there), for programs compiled from now on.
   * Checked first: the same bits, about twice the speed of matrix products. Default: false.
   */
  readonly wideVectors?: boolean;
}

/**
 * Finds the devices of this machine and returns their names, the default first. The CPU devices are there without
 * it; devices that must be asked for (a GPU) are there after it.
 *
 * @throws DeviceError when wide vectors are asked for and cannot be had; ArgumentError for a misspelt option.
 */
export async function init(options: InitOptions = {}): Promise<string[]> {
  const { wideVectors = false } = checkedOptions('init', options, ['wideVectors']);
  if (wideVectors) useWideVectors(cpu);
  return devices();
}
