import { type DType, hostArray, type TypedArray } from '../dtype/dtype.ts';
import type { KernelReport } from '../kernels/report.ts';
import { type Atom, Var } from '../program/aval.ts';
import { type Eqn, isProgram, type Program } from '../program/program.ts';
import type { Executable, Later, Storage } from '../runtime/device.ts';
import { sizeOf } from '../shape/shape.ts';

/** What a device does for a program whose control flow runs on the host. */
export interface ControlledDevice {
  /** Compiles a program without the control equations that the host runs. */
  compile(program: Program): Later<Executable>;
  put(data: TypedArray, dtype: DType): Later<Storage>;
  read(storage: Storage): Promise<TypedArray>;
  /** Whether the device runs a `scan` or `cond` by itself when nothing in it waits for the host. A `while` it never does. */
  readonly controls?: (eqn: Eqn) => boolean;
}

/** One step of the host: a piece of straight-line program, or a control equation with the programs it runs. */
type Step = (storages: Map<Atom, Storage>) => Promise<void>;

/**
 * A program for a device that cannot decide by itself how a loop goes on: straight pieces run on the device as programs of
 * their own, and the host reads conditions and branch numbers in between. Donated inputs are disposed, not reused.
 */
export async function hostControlled(
  program: Program,
  device: ControlledDevice,
  donate: readonly boolean[] = [],
): Promise<Executable> {
  const parts: Executable[] = [];
  const prepare = async (part: Program): Promise<Executable> => {
    const made = part.eqns.some((eqn) => needsHost(eqn, device))
      ? await hostControlled(part, device)
      : await device.compile(part);
    parts.push(made);
    return made;
  };
  const steps: Step[] = [];
  const results = program.outputs.map(() => new Var({ shape: [], dtype: 'f32' }));
  let piece: Eqn[] = [];
  const after = usesFromEnd(program);
  for (let at = 0; at < program.eqns.length; at++) {
    const eqn = program.eqns[at];
    if (!needsHost(eqn, device)) {
      piece.push(eqn);
      continue;
    }
    // What the equation and those after it read, with its literals in memory.
    steps.push(await straight(piece, [...new Set([...eqn.inputs, ...after[at]])], prepare));
    piece = [];
    steps.push(await control(eqn, device, prepare));
  }
  steps.push(await straight(piece, program.outputs, prepare, results));
  return {
    async run(inputs) {
      const storages = new Map<Atom, Storage>(program.inputs.map((variable, i) => [variable, inputs[i]]));
      const kept = new Set(inputs);
      try {
        for (const step of steps) await step(storages);
        const outputs = results.map((result) => storages.get(result) as Storage);
        for (const storage of outputs) kept.add(storage);
        inputs.forEach((storage, i) => {
          if (donate[i]) storage.dispose();
        });
        return outputs;
      } finally {
        for (const storage of new Set(storages.values())) if (!kept.has(storage)) storage.dispose();
      }
    },
    dispose: () => {
      for (const part of parts) part.dispose();
    },
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    report: {
      program,
      kernels: parts.flatMap((part): readonly KernelReport[] => part.report.kernels),
      arenaBytes: Math.max(0, ...parts.map((part) => part.report.arenaBytes)),
      codeBytes: parts.reduce((sum, part) => sum + part.report.codeBytes, 0),
    },
  };
}

function needsHost(eqn: Eqn, device: ControlledDevice): boolean {
  if (eqn.primitive.kind !== 'control') return false;
  if (eqn.primitive.name === 'while' || !device.controls?.(eqn)) return true;
  return bodiesOf(eqn).some((body) => body.eqns.some((inner) => needsHost(inner, device)));
}

const bodiesOf = ({ params }: Eqn): Program[] => Object.values(params).flat().filter(isProgram);

/** For each equation the variables made before it or by it that are read after it. */
function usesFromEnd(program: Program): ReadonlySet<Var>[] {
  const sets: ReadonlySet<Var>[] = [];
  const used = new Set<Var>();
  const use = (atom: Atom): void => {
    if (atom instanceof Var) used.add(atom);
  };
  program.outputs.forEach(use);
  for (let at = program.eqns.length - 1; at >= 0; at--) {
    const { primitive, inputs, outputs } = program.eqns[at];
    for (const variable of outputs) used.delete(variable);
    if (primitive.kind === 'control') sets[at] = new Set(used);
    inputs.forEach(use);
  }
  return sets;
}

/** A step that runs equations in one go and sets the atoms `wanted`, under the names of `results` where they are given. */
async function straight(
  eqns: readonly Eqn[],
  wanted: readonly Atom[],
  prepare: (program: Program) => Promise<Executable>,
  results?: readonly Atom[],
): Promise<Step> {
  const made = new Set<Atom>(eqns.flatMap((eqn) => eqn.outputs));
  const outputs = results ? wanted : wanted.filter((atom) => made.has(atom) || !(atom instanceof Var));
  if (outputs.length === 0) return async () => {};
  const inputs = new Set<Var>();
  const read = (atom: Atom): void => {
    if (atom instanceof Var && !made.has(atom)) inputs.add(atom);
  };
  for (const eqn of eqns) eqn.inputs.forEach(read);
  outputs.forEach(read);
  const given = [...inputs];
  const executable = await prepare({ inputs: given, eqns, outputs });
  return async (storages) => {
    const found = await executable.run(given.map((variable) => storages.get(variable) as Storage));
    found.forEach((storage, i) => {
      storages.set((results ?? outputs)[i], storage);
    });
  };
}

const disposeAll = (storages: readonly Storage[]): void => {
  for (const storage of storages) storage.dispose();
};

/** A step that runs a control equation, whose operands all lie in memory. */
async function control(
  eqn: Eqn,
  device: ControlledDevice,
  prepare: (program: Program) => Promise<Executable>,
): Promise<Step> {
  const { inputs, outputs, params, primitive } = eqn;
  const runs: (given: Storage[]) => Promise<readonly Storage[]> =
    primitive.name === 'while'
      ? whileOf(params, await prepare(params.cond), await prepare(params.body), prepare, device)
      : primitive.name === 'scan'
        ? scanOf(params, await prepare(params.body), eqn, prepare, device)
        : condOf(await inTurn(params.branches, prepare), device);
  return async (storages) => {
    const made = await runs(inputs.map((atom) => storages.get(atom) as Storage));
    outputs.forEach((variable, i) => {
      storages.set(variable, made[i]);
    });
  };
}

async function inTurn<T, R>(items: readonly T[], make: (item: T) => Promise<R>): Promise<R[]> {
  const made: R[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}

/** A function that copies storages of these forms; its program is made when it is first needed. */
function copier(variables: readonly Var[], prepare: (program: Program) => Promise<Executable>) {
  let copy: Promise<Executable> | undefined;
  return async (storages: readonly Storage[]): Promise<Storage[]> => {
    copy ??= prepare({ inputs: variables, eqns: [], outputs: variables });
    return (await copy).run(storages);
  };
}

function whileOf(
  { numCondConsts, numBodyConsts, body: bodyProgram }: { numCondConsts: number; numBodyConsts: number; body: Program },
  cond: Executable,
  body: Executable,
  prepare: (program: Program) => Promise<Executable>,
  device: ControlledDevice,
) {
  const first = numCondConsts + numBodyConsts;
  const copies = copier(bodyProgram.inputs.slice(numBodyConsts), prepare);
  return async (given: readonly Storage[]): Promise<readonly Storage[]> => {
    const condConsts = given.slice(0, numCondConsts);
    const bodyConsts = given.slice(numCondConsts, first);
    let carry = given.slice(first);
    let rounds = 0;
    for (; ; rounds++) {
      const [flag] = await cond.run([...condConsts, ...carry]);
      const goesOn = (await device.read(flag))[0] !== 0;
      flag.dispose();
      if (!goesOn) break;
      const next = await body.run([...bodyConsts, ...carry]);
      if (rounds > 0) disposeAll(carry);
      carry = next;
    }
    return rounds > 0 ? carry : copies(carry);
  };
}

function condOf(branches: readonly Executable[], device: ControlledDevice) {
  return async ([index, ...given]: readonly Storage[]): Promise<readonly Storage[]> => {
    const [chosen] = await device.read(index);
    // An index below the first or beyond the last takes the nearest branch.
    return branches[Math.min(Math.max(chosen, 0), branches.length - 1)].run(given);
  };
}

/** A loop over slices whose body waits for the host: slices are cut and stacked there. */
function scanOf(
  { numConsts, numCarry, length, reverse }: { numConsts: number; numCarry: number; length: number; reverse: boolean },
  body: Executable,
  eqn: Eqn,
  prepare: (program: Program) => Promise<Executable>,
  device: ControlledDevice,
) {
  const bodyProgram: Program = eqn.params.body;
  const copies = copier(bodyProgram.inputs.slice(numConsts, numConsts + numCarry), prepare);
  return async (given: readonly Storage[]): Promise<readonly Storage[]> => {
    const consts = given.slice(0, numConsts);
    const xs = await Promise.all(given.slice(numConsts + numCarry).map((storage) => device.read(storage)));
    const ys = eqn.outputs.slice(numCarry).map(({ dtype, shape }) => hostArray(dtype, sizeOf(shape)));
    let carry = given.slice(numConsts, numConsts + numCarry);
    for (let round = 0; round < length; round++) {
      const at = reverse ? length - 1 - round : round;
      const slices = await Promise.all(
        xs.map((x, i) => {
          const size = x.length / length;
          return device.put(x.slice(at * size, (at + 1) * size), eqn.inputs[numConsts + numCarry + i].dtype);
        }),
      );
      const made = await body.run([...consts, ...carry, ...slices]);
      disposeAll(slices);
      if (round > 0) disposeAll(carry);
      carry = made.slice(0, numCarry);
      const stacked = made.slice(numCarry);
      const read = await Promise.all(stacked.map((storage) => device.read(storage)));
      disposeAll(stacked);
      read.forEach((y, i) => {
        ys[i].set(y, at * y.length);
      });
    }
    const last = length > 0 ? carry : await copies(carry);
    const stacks = await Promise.all(ys.map((y, i) => device.put(y, eqn.outputs[numCarry + i].dtype)));
    return [...last, ...stacks];
  };
}
