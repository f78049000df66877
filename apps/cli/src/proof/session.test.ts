import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CaptureOptions, captured, tiny } from '../command/testing/captured.ts';

/** What a person sees, with what depends on the machine left open. */
const SESSION = `$ flowfield train earth --out RUN
data    embedded: 1,707 rows (train 1,366, validation 170, test 171)
model   velocity field, 1 x 8 SiLU on 12 features
run     RUN (seed 0, device cpu)
Stopped. Go on with: flowfield train earth --out RUN --resume
= 130

$ flowfield train earth --out RUN --resume
data    embedded: 1,707 rows (train 1,366, validation 170, test 171)
model   velocity field, 1 x 8 SiLU on 12 features
run     RUN (seed 0, device cpu)
resumed at step N
training N% | N/40 | N steps/s, N s left | loss N
held-out N% | 171/171
check N% | 171/171
kernel N% | 171/171
validation N% | 170/170
samples N% | 1000/1000
map N% | 8/8

Negative log-likelihood of the 171 held-out events, nats (lower is better)
  model N N with twice the solver steps
  kernel density N  von Mises-Fisher, kappa N
  uniform N

RUN/map.png, RUN/loss.png show the model and the training
RUN/samples.csv has 1,000 samples; model.safetensors the network; metrics.json the figures

Next:
  flowfield sample RUN --count 10000
  flowfield train earth --data events.csv   (your own latitudes and longitudes)
  flowfield list   (settings, data sets, presets)
= 0

$ flowfield sample RUN --count 5
samples N% | 5/5
5 samples: RUN/samples-0-5.npy, RUN/samples-0-5.csv
= 0

$ flowfield eval RUN --quiet

Negative log-likelihood of the 171 held-out events, nats (lower is better)
  model N N with twice the solver steps
  kernel density N  von Mises-Fisher, kappa N
  uniform N
= 0
`;

test('train, Ctrl-C, --resume, sample, eval', async () => {
  const run = join(await mkdtemp(join(tmpdir(), 'flowfield-session-')), 'mine');
  const told: string[] = [];
  const type = async (words: string[], unseen: readonly string[] = [], options: CaptureOptions = {}) => {
    const { code, stdout, stderr } = await captured([...words, ...unseen], options);
    told.push(`$ flowfield ${words.join(' ')}\n${stderr}${stdout}= ${code}\n`);
  };
  const interruptAtOnce: CaptureOptions = {
    onStderr: (text, interrupt) => {
      if (text.startsWith('run ')) interrupt();
    },
  };
  await type(['train', 'earth', '--out', run], tiny, interruptAtOnce);
  await type(['train', 'earth', '--out', run, '--resume']);
  await type(['sample', run, '--count', '5']);
  await type(['eval', run, '--quiet']);
  expect(withoutFigures(told.join('\n').replaceAll(run, 'RUN'))).toBe(SESSION);
});

/** Speeds, losses, shares and steps as N; they depend on the machine and on the moment of the stop. */
const withoutFigures = (text: string): string =>
  text
    .replace(/ +\d+% \| \d+\/40/g, ' N% | N/40')
    .replace(/ +\d+% \|/g, ' N% |')
    .replace(/-?\d+(\.\d+)? steps\/s, .*? left/g, 'N steps/s, N s left')
    .replace(/(\| loss|\| validation|at step|kappa) -?[\d.,]*\d/g, '$1 N')
    .replace(/, \d+ threads/g, '')
    .replace(/ +-?\d+\.\d{4}/g, ' N');
