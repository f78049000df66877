import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { showProgress } from './progress.ts';
import { shownTraining } from './training.ts';

function writtenTo(isTTY: boolean) {
  const chunks: string[] = [];
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        chunks.push(String(chunk));
        done();
      },
    }),
    { isTTY, columns: 120 },
  );
  return { stream, text: () => chunks.join('') };
}

test('where there is no terminal: a plain line now and then, and one at the end', () => {
  vi.useFakeTimers();
  try {
    const { stream, text } = writtenTo(false);
    const progress = showProgress({ stream, title: 'work', total: 100 });
    for (let done = 1; done <= 100; done++) {
      vi.advanceTimersByTime(150);
      progress.update(done, 'note');
    }
    progress.stop();
    expect(text()).toMatch(/^work +\d+% \| \d+\/100 \| note\n/);
    expect(text()).toMatch(/work +100% \| 100\/100 \| note\n$/);
    expect(text().split('\n').length).toBeLessThan(6);
    // No codes that move a cursor.
    expect(text()).not.toContain('\u001b');
  } finally {
    vi.useRealTimers();
  }
});

test('on a terminal: a bar', () => {
  const { stream, text } = writtenTo(true);
  const progress = showProgress({ stream, title: 'work', total: 4 });
  progress.update(4);
  progress.stop();
  expect(text()).toContain('█');
  expect(text()).toContain('4/4');
});

test('training shows the loss, the speed and the time that is left', () => {
  const { stream, text } = writtenTo(false);
  const show = shownTraining(stream, 200);
  show({ kind: 'validation', step: 100, value: 1.25, best: true });
  show({
    kind: 'progress',
    step: 100,
    steps: 200,
    loss: 0.5,
    metrics: {},
    losses: new Float64Array(0),
    stepsPerSecond: 1,
    etaSeconds: 100,
  });
  show({ kind: 'stopped', step: 100 });
  expect(text()).toContain('50% | 100/200 | 1.0 steps/s, 1 min 40 s left | loss 0.5000 | validation 1.250');
});
