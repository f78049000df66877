import { FlowfieldError } from '@flowfield/tensor-webgpu';
import { checkedStorage, type RunStorage } from './storage.ts';

/** A metrics log with a line that is no record. */
export class MetricsLogError extends FlowfieldError {}

/** One line of the log: the step and the numbers that belong to it. */
export type MetricsRecord = { readonly step: number } & Readonly<Record<string, number>>;

/** A file of JSON lines, one record each. */
export interface MetricsLog {
  /** Drops the records after `step`, and a last line that a crash cut off. Before the first record of a run. */
  startAt(step: number): Promise<void>;
  append(record: MetricsRecord): Promise<void>;
}

/** Characters of a line that an error shows. */
const LONGEST_QUOTE = 60;

const toLine = (record: MetricsRecord): Uint8Array => new TextEncoder().encode(`${JSON.stringify(record)}\n`);

/**
 * The records of a log; a last line without an end is not one.
 * @throws MetricsLogError for another line that is no JSON object with a step; ArgumentError for what is no storage.
 */
export async function readMetrics(storage: RunStorage, name = 'metrics.jsonl'): Promise<MetricsRecord[]> {
  const bytes = await checkedStorage('readMetrics', storage).read(name);
  if (!bytes) return [];
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  return lines.map((line, i) => parseRecord(line, `${name}:${i + 1}`));
}

function parseRecord(line: string, place: string): MetricsRecord {
  let record: MetricsRecord | null = null;
  try {
    record = JSON.parse(line) as MetricsRecord;
  } catch {
    // Reported below, with what else is no record.
  }
  if (typeof record?.step === 'number') return record;
  throw new MetricsLogError(
    `${place}: expected a JSON object with a number 'step', given ${JSON.stringify(line.slice(0, LONGEST_QUOTE))}. Remove the line.`,
  );
}

/** The log `name` of a run. */
export function metricsLog(storage: RunStorage, name = 'metrics.jsonl'): MetricsLog {
  checkedStorage('metricsLog', storage);
  return {
    async startAt(step) {
      const kept = (await readMetrics(storage, name)).filter((record) => record.step <= step);
      await storage.write(name, joinBytes(kept.map(toLine)));
    },
    async append(record) {
      const line = toLine(record);
      if (storage.append) await storage.append(name, line);
      else await storage.write(name, joinBytes([(await storage.read(name)) ?? new Uint8Array(), line]));
    },
  };
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
