/** What a person should know of rows that were left out, beside those that were kept. */
export function skippedNotes(skipped: { count: number; first: readonly Error[] } | undefined, kept: number): string[] {
  if (skipped === undefined || skipped.count === 0) return [];
  const left = `skipped ${skipped.count.toLocaleString('en')} of ${(skipped.count + kept).toLocaleString('en')} rows`;
  return [`${left}, the first of them:`, ...skipped.first.map(({ message }) => `  ${message}`)];
}
