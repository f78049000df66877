/**
 * `make`, which answers the same numbers and options with the same object: compiled solves are kept by their solver, and
 * `solveOde(f, y0, { solver: rk4(), … })` in a loop asks for a new one each time.
 */
export function remembered<A extends unknown[], Solver>(make: (...given: A) => Solver): (...given: A) => Solver {
  const made = new Map<string, Solver>();
  return (...given) => {
    const key = JSON.stringify(given, (_name, value) =>
      typeof value === 'object' ? value : `${typeof value} ${String(value)}`,
    );
    let solver = made.get(key);
    if (solver === undefined) {
      solver = make(...given);
      made.set(key, solver);
    }
    return solver;
  };
}
