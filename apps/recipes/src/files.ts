/** Where the bytes of data come from: folders on a computer, a server behind a page. */
export interface DataFiles {
  /**
   * A file of the benchmark data by its path inside the data folder, such as `earth/fire.csv`.
   * @throws RecipeError, with what to do, when there is no such folder or file
   */
  benchmark(path: string): Promise<Uint8Array>;
  /**
   * A file that the person named.
   * @throws RecipeError when it cannot be read
   */
  named(path: string): Promise<Uint8Array>;
}

/** SHA-256 of bytes as 64 hexadecimal digits. */
export async function sha256(...parts: readonly Uint8Array[]): Promise<string> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
