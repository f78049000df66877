import { otherKind } from './fileKind.ts';
import type { PlaceTable } from './placeTable.ts';

/**
 * A Parquet file, by hyparquet: only the two columns of coordinates are read.
 * @throws FileKindError for a file that is cut short or damaged
 */
export async function parquetTable(bytes: Uint8Array, file: string): Promise<PlaceTable> {
  // Loaded here, so that who reads text alone is not burdened with it.
  const [{ parquetMetadata, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const damaged = (cause: unknown): never => {
    throw otherKind(
      file,
      `a Parquet file that is cut short or damaged (${(cause as Error).message})`,
      'Check that the file was written or downloaded completely.',
    );
  };
  const buffer = bytes.slice().buffer as ArrayBuffer;
  const read = () => {
    const metadata = parquetMetadata(buffer);
    return { metadata, header: parquetSchema(metadata).children.map(({ element }) => element.name) };
  };
  let opened: ReturnType<typeof read>;
  try {
    opened = read();
  } catch (cause) {
    return damaged(cause);
  }
  const { metadata, header } = opened;
  return {
    header,
    headerLine: 0,
    async rows([latitude, longitude]) {
      const columns = [header[latitude], header[longitude]];
      const rows = await parquetReadObjects({ file: buffer, metadata, columns, compressors }).catch(damaged);
      return rows.map((row, i) => ({
        latitude: row[columns[0]],
        longitude: row[columns[1]],
        line: 0,
        where: `row ${i + 1}`,
      }));
    },
  };
}
