import { isTensor } from '../ops/operands.ts';

/** How a browser's console writes an object: lists of a tag, its attributes and what is inside. */
interface ConsoleFormatter {
  header(object: unknown): readonly unknown[] | null;
  hasBody(object: unknown): boolean;
}

const formatter: ConsoleFormatter = {
  header: (object) => (isTensor(object) ? ['span', {}, object.toString()] : null),
  // Nothing to fold out.
  hasBody: () => false,
};

/**
 * Lets the console of a page write tensors with their numbers, as Node's does, where custom formatters are switched on in
 * its settings (Chromium, Firefox). Doing it twice changes nothing.
 */
export function formatInConsole(page: { devtoolsFormatters?: ConsoleFormatter[] } = globalThis as object): void {
  const formatters = page.devtoolsFormatters ?? [];
  if (!formatters.includes(formatter)) page.devtoolsFormatters = [...formatters, formatter];
}
