import { madeBy } from '../kernels/access.ts';
import type { CallPart, ControlPart, Part, RowPart, Schedule, Stage } from '../kernels/form.ts';
import type { Target } from '../kernels/target.ts';
import type { Var } from '../program/aval.ts';
import { affineKey } from '../shape/affine.ts';
import { sizeOf } from '../shape/shape.ts';
import { type Block, packArena } from './arena.ts';
import { type BlockMemory, planBlocks } from './blocks.ts';
import { planControl } from './control.ts';
import { type Life, livesOf } from './lives.ts';
import type { ControlPlan, MemoryPlan, Place, PlanInProgress, PlanOptions } from './memory.ts';
import { loopsOf, Overwrites } from './overwrite.ts';

/** Variables that share memory, each overwriting the one before. */
interface Chain {
  readonly bytes: number;
  /** The memory that it lies in when that is not the arena. */
  anchor: Exclude<Place, { in: 'arena' }> | null;
  readonly from: number;
  to: number;
  readonly members: Var[];
}

/**
 * Static memory plan of a schedule: when each variable lives, which variables share memory because one overwrites the
 * other on its last use, and where the rest lies in the arena. Outputs have memory of their own; one may take over a
 * donated input.
 */
export const planMemory = (schedule: Schedule, options: PlanOptions): MemoryPlan =>
  new Planner(schedule, options).run();

/** Dying variables of one size that are looked through for one that fits. */
const MOST_TRIES = 8;

class Planner implements PlanInProgress {
  readonly target: Target;
  private readonly lives: ReadonlyMap<Var, Life>;
  private readonly options: PlanOptions;
  private readonly schedule: Schedule;
  private readonly outputs: ReadonlyMap<Var, number>;
  private readonly reuse: number[];
  /** For each output the donated input that it takes over rather than others, or -1. */
  private readonly favourites: readonly number[];
  private readonly chains: Chain[] = [];
  private readonly chainOf = new Map<Var, Chain>();
  private readonly blockMemory: ReadonlyMap<RowPart, BlockMemory>;
  /** Variables that lie in the memory of blocks. */
  private readonly inBlocks: ReadonlySet<Var>;
  /** Donated inputs that are free, by dtype and size. */
  private readonly idle = new Map<string, Chain[]>();

  constructor(schedule: Schedule, options: PlanOptions) {
    this.schedule = schedule;
    this.options = options;
    this.target = options.target;
    this.lives = livesOf(schedule);
    const { inBlocks } = options;
    this.blockMemory = inBlocks ? planBlocks(schedule, options.target, inBlocks.rows) : new Map();
    this.inBlocks = new Set([...this.blockMemory.values()].flatMap(({ offsets }) => [...offsets.keys()]));
    this.outputs = new Map(schedule.outputs.map((variable, i) => [variable, i]));
    this.reuse = schedule.outputs.map(() => -1);
    this.favourites = options.partners ?? this.counterparts();
    schedule.inputs.forEach((variable, index) => {
      if (options.donate[index]) this.begin(variable, { in: 'input', index });
    });
  }

  run(): MemoryPlan {
    const { inputs, groups } = this.schedule;
    const controls = new Map<ControlPart, ControlPlan>();
    const scratch = new Map<Stage | CallPart, Block>();
    const areas = new Map<ControlPart, Block>();
    const blockAreas = new Map<RowPart, Block>();
    const dying = this.donatedByLastRead();
    groups.forEach(({ parts }, group) => {
      for (const chain of dying.get(group - 1) ?? []) this.offerIdle(chain, group);
      const demand = (bytes: number): Block => ({ bytes, from: group, to: group, offset: 0 });
      const spare = (work: Stage | CallPart, part: RowPart | CallPart): void => {
        const bytes = this.options.scratch(work, part);
        if (bytes > 0) scratch.set(work, demand(bytes));
      };
      for (const part of parts) {
        if (part.kind === 'rows') {
          this.placeRows(part, group);
          for (const stage of part.stages) spare(stage, part);
          const own = this.blockMemory.get(part);
          if (own) blockAreas.set(part, demand(own.bytes * (this.options.inBlocks?.threads ?? 1)));
        } else if (part.kind === 'control') {
          const control = planControl(this, part, group);
          controls.set(part, control);
          areas.set(part, demand(control.bytes));
        } else {
          for (const variable of part.writes) this.make(variable, null);
          spare(part, part);
        }
      }
    });
    const chained = new Map<Chain, Block>();
    for (const chain of this.chains) {
      if (!chain.anchor) chained.set(chain, { bytes: chain.bytes, from: chain.from, to: chain.to, offset: 0 });
    }
    const all = [chained, scratch, areas, blockAreas].flatMap((each) => [...each.values()]);
    const arenaBytes = packArena(all, this.target.alignment);
    const places = new Map<Var, Place>();
    inputs.forEach((variable, index) => {
      places.set(variable, { in: 'input', index });
    });
    for (const chain of this.chains) {
      const place = chain.anchor ?? { in: 'arena', offset: chained.get(chain)!.offset };
      for (const variable of chain.members) places.set(variable, place);
    }
    return {
      places,
      scratch: new Map([...scratch].map(([work, { offset }]) => [work, offset])),
      controls: new Map([...controls].map(([part, plan]) => [part, { ...plan, offset: areas.get(part)!.offset }])),
      blocks: new Map(
        [...blockAreas].map(([part, { offset }]) => [part, { ...(this.blockMemory.get(part) as BlockMemory), offset }]),
      ),
      arenaBytes,
      reuse: this.reuse,
    };
  }

  /**
   * For each output the donated input of its dtype and size that comes as many such inputs after the first as outputs
   * before it: a state that goes in and out of a step again and again then keeps its places.
   */
  private counterparts(): number[] {
    const { inputs, outputs } = this.schedule;
    const kind = (variable: Var): string => `${variable.dtype}${this.bytesOf(variable)}`;
    const waiting = new Map<string, number[]>();
    inputs.forEach((variable, i) => {
      if (!this.options.donate[i]) return;
      const same = waiting.get(kind(variable));
      if (same) same.push(i);
      else waiting.set(kind(variable), [i]);
    });
    const taken = new Map<string, number>();
    return outputs.map((variable) => {
      const key = kind(variable);
      const at = taken.get(key) ?? 0;
      taken.set(key, at + 1);
      return waiting.get(key)?.[at] ?? -1;
    });
  }

  planRegion(region: Schedule, donate: readonly boolean[], partners?: readonly number[]): MemoryPlan {
    return planMemory(region, { ...this.options, donate, partners });
  }

  bytesOf({ shape, dtype }: Var): number {
    return sizeOf(shape) * this.target.bytesPerElement(dtype);
  }

  /** Whether `old` is in memory that its only reader in its last group, `part`, may overwrite. */
  endsIn(old: Var, part: Part, group: number): boolean {
    const life = this.lives.get(old);
    return life !== undefined && life.lastRead === group && life.reader === part && this.isHolder(old);
  }

  private isHolder(variable: Var): boolean {
    return this.chainOf.get(variable)?.members.at(-1) === variable;
  }

  private donatedByLastRead(): Map<number, Chain[]> {
    const byGroup = new Map<number, Chain[]>();
    for (const chain of this.chains) {
      const { lastRead } = this.lives.get(chain.members[0]) as Life;
      byGroup.set(lastRead, [...(byGroup.get(lastRead) ?? []), chain]);
    }
    return byGroup;
  }

  /** Lets outputs made from `group` on take a donated input, unless something overwrote it that lives longer. */
  private offerIdle(chain: Chain, group: number): void {
    const holder = chain.members.at(-1) as Var;
    if ((this.lives.get(holder) as Life).lastRead >= group) return;
    const key = `${chain.members[0].dtype}${chain.bytes}`;
    const same = this.idle.get(key);
    if (same) same.push(chain);
    else this.idle.set(key, [chain]);
  }

  private begin(variable: Var, anchor: Chain['anchor']): void {
    const { made, lastRead } = this.lives.get(variable) as Life;
    const chain: Chain = { bytes: this.bytesOf(variable), anchor, from: made, to: lastRead, members: [variable] };
    this.chains.push(chain);
    this.chainOf.set(variable, chain);
  }

  /** Whether `made` may lie in the memory of `old`, which it overwrites. */
  fits(old: Var, made: Var): boolean {
    const chain = this.chainOf.get(old) as Chain;
    const { bytesPerElement } = this.target;
    if (chain.bytes !== this.bytesOf(made) || bytesPerElement(old.dtype) !== bytesPerElement(made.dtype)) return false;
    return this.mayEnd(chain, made);
  }

  /** Whether a variable that may be an output can lie where a chain is anchored. */
  private mayEnd(chain: Chain, made: Var): boolean {
    const output = this.outputs.get(made);
    if (output === undefined || !chain.anchor) return true;
    if (chain.anchor.in === 'output') return false;
    const { index } = chain.anchor;
    const { partners } = this.options;
    return this.schedule.inputs[index].dtype === made.dtype && (!partners || partners[output] === index);
  }

  /** Gives `made` the memory of `old`, which it overwrites, or memory that nothing uses. */
  make(made: Var, old: Var | null): void {
    if (this.chainOf.has(made) || this.inBlocks.has(made)) return;
    const output = this.outputs.get(made);
    const chain = old ? (this.chainOf.get(old) as Chain) : output === undefined ? null : this.takeIdle(made);
    if (!chain) {
      this.begin(made, output === undefined ? null : { in: 'output', index: output });
      return;
    }
    chain.members.push(made);
    chain.to = Math.max(chain.to, (this.lives.get(made) as Life).lastRead);
    this.chainOf.set(made, chain);
    if (output === undefined) return;
    if (chain.anchor?.in === 'input') this.reuse[output] = chain.anchor.index;
    else chain.anchor = { in: 'output', index: output };
  }

  private takeIdle(made: Var): Chain | null {
    const same = this.idle.get(`${made.dtype}${this.bytesOf(made)}`) ?? [];
    const at = same.findIndex((chain) => this.mayEnd(chain, made));
    return at < 0 ? null : same.splice(at, 1)[0];
  }

  private placeRows(part: RowPart, group: number): void {
    const overwrites = new Overwrites(part);
    const freed = overwrites.freeAfter();
    const free = new Map<number, Pool>();
    const ending = (variables: readonly Var[]): readonly Var[] =>
      variables.filter((variable) => this.endsIn(variable, part, group));
    part.stages.forEach((stage, at) => {
      const made = madeBy(stage).filter((variable) => !this.chainOf.has(variable) && !this.inBlocks.has(variable));
      const under = made.length > 0 ? overwrites.underStores(at) : null;
      const pools = new Map<string, Pool>();
      const poolAt = (place: string): Pool => {
        const pool = pools.get(place) ?? this.pool(ending(under?.get(place) ?? []));
        pools.set(place, pool);
        return pool;
      };
      const stores = loopsOf(stage)?.stores;
      const places = stores && new Map(stores.map(({ variable, place }) => [variable, affineKey(place)]));
      // Outputs first: they have fewer places to go.
      for (const first of [true, false]) {
        for (const variable of made) {
          if (this.outputs.has(variable) !== first) continue;
          const place = places?.get(variable);
          const near = [
            ...(place === undefined ? [] : [poolAt(place)]),
            ...(free.has(this.bytesOf(variable)) ? [free.get(this.bytesOf(variable)) as Pool] : []),
          ];
          this.make(variable, this.lives.get(variable)?.maker === part ? this.chosen(variable, near) : null);
        }
      }
      for (const variable of ending(freed[at])) {
        const bytes = this.bytesOf(variable);
        const pool = free.get(bytes);
        if (pool) this.put(variable, pool);
        else free.set(bytes, this.pool([variable]));
      }
    });
  }

  private pool(variables: readonly Var[]): Pool {
    const pool = { donated: new Set<Var>(), own: new Set<Var>() };
    for (const variable of variables) this.put(variable, pool);
    return pool;
  }

  private put(variable: Var, pool: Pool): void {
    (this.chainOf.get(variable)?.anchor?.in === 'input' ? pool.donated : pool.own).add(variable);
  }

  /** A dying variable for `made` to overwrite: outputs look at donated inputs first, other variables last. */
  private chosen(made: Var, pools: readonly Pool[]): Var | null {
    const output = this.outputs.get(made);
    const partner = output === undefined ? undefined : this.favourites[output];
    const donated = pools.map((pool) => pool.donated);
    const own = pools.map((pool) => pool.own);
    if (partner !== undefined && partner >= 0) {
      const holder = this.chainOf.get(this.schedule.inputs[partner])?.members.at(-1);
      if (holder && donated.some((set) => set.has(holder)) && this.fits(holder, made)) return holder;
    }
    for (const set of output === undefined ? [...own, ...donated] : [...donated, ...own]) {
      let tries = 0;
      for (const old of set) {
        if (!this.isHolder(old)) set.delete(old);
        else if (this.fits(old, made)) return old;
        else if (++tries >= MOST_TRIES) break;
      }
    }
    return null;
  }
}

/** Dying variables, those in the memory of donated inputs apart. */
interface Pool {
  readonly donated: Set<Var>;
  readonly own: Set<Var>;
}
