import type { RunStorage } from './storage.ts';

/** One line of the log: the step and the numbers that belong to it. */
export type MetricsRecord = { readonly step: number } & Readonly<Record<string, number>>;

/** A file of JSON lines, one record each. */
export interface MetricsLog {
  /** Drops the records after `step`, and a last line that a crash cut off. Before the first record of a run. */
  startAt(step: number): Promise<void>;
  append(record: MetricsRecord): Promise<void>;
}

const toLine = (record: MetricsRecord): Uint8Array => new TextEncoder().encode(`${JSON.stringify(record)}\n`);

/** The records of a log; a last line without an end is not one. */
export async function readMetrics(storage: RunStorage, name = 'metrics.jsonl'): Promise<MetricsRecord[]> {
  const bytes = await storage.read(name);
  if (!bytes) return [];
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as MetricsRecord);
}

/** The log `name` of a run. */
export function metricsLog(storage: RunStorage, name = 'metrics.jsonl'): MetricsLog {
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
