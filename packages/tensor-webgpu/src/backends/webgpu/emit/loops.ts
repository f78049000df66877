import { type Expression, visit } from '../../../kernels/expression.ts';
import type { LoopStage, Store } from '../../../kernels/form.ts';
import type { Affine } from '../../../shape/affine.ts';
import { sizeOf } from '../../../shape/shape.ts';
import { Elements, type Locate } from './elements.ts';
import type { Kernel } from './kernel.ts';
import type { Region } from './region.ts';
import { sumOf, Walk } from './space.ts';
import { bindingKey } from './spot.ts';

/** Every place that values are read at. */
export function placesIn(values: readonly Expression[]): Affine[] {
  const places: Affine[] = [];
  visit(values, (node) => {
    if (node.kind === 'load' || node.kind === 'index') places.push(node.place);
  });
  return places;
}

/** Whether a store writes what lies there already: the copy before an update in place. */
function isIdle({ variable, place, value }: Store, region: Region): boolean {
  if (value.kind !== 'load' || value.terms.length > 0) return false;
  const [from, to] = [region.spots.get(value.variable)!, region.spots.get(variable)!];
  return (
    bindingKey(from) === bindingKey(to) &&
    from.first === to.first &&
    from.turnings.length === to.turnings.length &&
    from.turnings.every(
      ({ loop, elements }, i) => to.turnings[i].loop === loop && to.turnings[i].elements === elements,
    ) &&
    value.place.offset === place.offset &&
    value.place.strides.every((stride, axis) => stride === place.strides[axis])
  );
}

/** The loops with only the stores that change something; `null` when none does. */
export function busyLoops(stage: LoopStage, region: Region): LoopStage | null {
  const stores = stage.stores.filter((store) => !isIdle(store, region));
  return stores.length === 0 || sizeOf(stage.space) === 0 ? null : { ...stage, stores };
}

/** Statements for the element of a loop whose position in the space is in the variable `position`. */
export function loopElement(kernel: Kernel, { space, stores }: LoopStage, position: string): string {
  const walk = new Walk(space, [...placesIn(stores.map(({ value }) => value)), ...stores.map(({ place }) => place)]);
  const prefix = kernel.name('i');
  const locate: Locate = (place) => sumOf(walk.terms(`${prefix}_`, place), place.offset);
  return `${walk.declare(`${prefix}_`, position)}\n${storeAll(kernel, stores, new Elements(kernel, locate), locate)}`;
}

/** Statements that compute all values and then store them. */
export function storeAll(kernel: Kernel, stores: readonly Store[], elements: Elements, locate: Locate): string {
  const values = stores.map(({ value }) => elements.value(value));
  return [
    ...elements.lines,
    ...stores.map(({ variable, place }, i) => kernel.store(variable, locate(place), values[i])),
  ].join('\n');
}
