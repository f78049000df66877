// Writes src/earthquakes.json from data/earthquakes.json of the npm package vega-datasets 3.2.1:
//   node scripts/embedEarthquakes.ts path/to/earthquakes.json && biome format --write src/earthquakes.json
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const SOURCE_SHA256 = 'a42702a83ffbae679f95d1fa53e2cae0bae13b21e599a68cdd50a44fc52129f7';

interface Feature {
  properties: { mag: number };
  geometry: { coordinates: [longitude: number, latitude: number, depth: number] };
}

const path = process.argv[2];
if (path === undefined) throw new Error('expected the path of earthquakes.json, given none.');
const bytes = readFileSync(path);
const sha256 = createHash('sha256').update(bytes).digest('hex');
if (sha256 !== SOURCE_SHA256)
  throw new Error(`expected sha256 ${SOURCE_SHA256}, given ${sha256}. Take the file of vega-datasets 3.2.1.`);

const { features } = JSON.parse(bytes.toString('utf8')) as { features: Feature[] };
const columns = {
  latitude: features.map(({ geometry }) => geometry.coordinates[1]),
  longitude: features.map(({ geometry }) => geometry.coordinates[0]),
  magnitude: features.map(({ properties }) => properties.mag),
};
writeFileSync(new URL('../src/earthquakes.json', import.meta.url), `${JSON.stringify(columns)}\n`);
