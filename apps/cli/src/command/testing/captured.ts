import { Writable } from 'node:stream';
import { flowfield } from '../flowfield.ts';

/** What a call of the command wrote, and its exit code. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaptureOptions {
  /** Whether standard error is a terminal, on which progress is drawn at once. */
  readonly isTTY?: boolean;
  /** Sees everything written to standard error, and may press Ctrl-C. */
  readonly onStderr?: (text: string, interrupt: () => void) => void;
}

/** Runs `flowfield <args>` in this process. */
export async function captured(
  args: readonly string[],
  { isTTY = false, onStderr }: CaptureOptions = {},
): Promise<Captured> {
  const controller = new AbortController();
  const stdout = sink();
  const stderr = sink((text) => onStderr?.(text, () => controller.abort()));
  Object.assign(stderr.stream, { isTTY });
  const code = await flowfield(args, {
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: controller.signal,
    call: 'flowfield',
    version: '1.2.3',
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function sink(onText: (text: string) => void = () => {}): { stream: Writable; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      onText(String(chunk));
      done();
    },
  });
  return { stream, text: () => text };
}

/** Settings of a run that takes a moment. */
export const tiny = [
  'steps=40',
  'innerSteps=4',
  'width=8',
  'depth=1',
  'octaves=1',
  'batch=16',
  'odeSteps=4',
  'mapRows=2',
  'roughOdeSteps=2',
  'validations=1',
].flatMap((assignment) => ['--set', assignment]);
