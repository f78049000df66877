/** What a cache holds: how large it is, when it was last used, and what to do when it has to go. */
export interface Cached {
  bytes: number;
  used: number;
  drop(): void;
}

/** A full cache is emptied to this share of its limit, so that not every addition has to look for the oldest. */
const KEPT_SHARE = 0.75;

/** Entries by key, within a limit of bytes: those not used for longest go first. */
export class ByteCache<Entry extends Cached> {
  private readonly entries = new Map<string, Entry>();
  private readonly limit: number;
  private bytes = 0;
  private clock = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry) this.touch(entry);
    return entry;
  }

  /** Tells that an entry was used. */
  touch(entry: Entry): void {
    entry.used = ++this.clock;
  }

  add(key: string, entry: Entry): void {
    const before = this.entries.get(key);
    if (before === entry) return;
    if (before) this.remove(key, before);
    this.entries.set(key, entry);
    this.bytes += entry.bytes;
    this.touch(entry);
    if (this.bytes > this.limit) this.shrink(entry);
  }

  clear(): void {
    for (const [key, entry] of this.entries) this.remove(key, entry);
  }

  private shrink(newest: Entry): void {
    const oldestFirst = [...this.entries].sort(([, a], [, b]) => a.used - b.used);
    for (const [key, entry] of oldestFirst) {
      if (this.bytes <= KEPT_SHARE * this.limit) break;
      if (entry !== newest) this.remove(key, entry);
    }
  }

  private remove(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.bytes -= entry.bytes;
    entry.drop();
  }
}
