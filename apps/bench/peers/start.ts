import type { Contender, Job } from '../src/contender.ts';
import type { Activation, MapProblem, ProductProblem, TrainingProblem } from '../src/problem.ts';

/** How a library in JavaScript sets up what it takes part in. */
interface Ways {
  readonly training: (problem: TrainingProblem, byHand: boolean) => Job;
  readonly product: (problem: ProductProblem) => Job;
  readonly map: (problem: MapProblem) => Job;
}

/** Products, functions, and steps of perceptrons by plain descent; nothing else. */
export const startOf =
  ({ training, product, map }: Ways): Contender['start'] =>
  (problem, byHand = false) => {
    if (problem.kind === 'training') {
      const { model, optimizer } = problem;
      const taken = (model === 'regression' || model === 'eikonal') && optimizer === 'descent';
      return taken ? training(problem, byHand) : null;
    }
    if (byHand || problem.kind === 'sampling') return null;
    return problem.kind === 'product' ? product(problem) : map(problem);
  };

export const activationOf = ({ sizes }: TrainingProblem): Activation => sizes['activation'] as Activation;
