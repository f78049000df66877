import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageArrows, tensorLayers, testOnlyPackages } from './arrows.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
// A folder named `testing` holds what several tests of a package share.
const testFile = '(\\.(test|bench)\\.ts$|^packages/[^/]+/src/.*/testing/)';

/** Every package folder of the workspace with the source files it opens to others. */
const packages = ['packages', 'apps', 'tooling'].flatMap((parent) =>
  existsSync(join(root, parent))
    ? readdirSync(join(root, parent))
        .map((name) => `${parent}/${name}`)
        .filter((folder) => existsSync(join(root, folder, 'package.json')))
        .map((folder) => ({ folder, entries: sourceEntries(folder) }))
    : [],
);

function sourceEntries(folder) {
  const { exports: entries = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return Object.values(entries)
    .map((entry) => entry['@flowfield/source'])
    .filter(Boolean)
    .map((path) => join(folder, path).replaceAll('\\', '/'));
}

const folderOf = (name) => packages.find(({ folder }) => folder.endsWith(`/${name}`))?.folder;
const oneOf = (paths) => `^(${paths.map((path) => path.replaceAll('.', '\\.')).join('|')})`;

function packageRules({ folder }) {
  const arrows = packageArrows[folder];
  const others = packages.map((other) => other.folder).filter((other) => other !== folder);
  if (arrows === undefined) {
    return [rule(`${folder}-is-not-listed`, 'Add the package to packageArrows.', { path: `^${folder}/` }, {})];
  }
  if (arrows === '*') return [];
  const allowed = arrows.map(folderOf);
  const forbidden = others.filter((other) => !allowed.includes(other));
  const inTests = forbidden.filter((other) => !testOnlyPackages.map(folderOf).includes(other));
  const comment = `${folder} imports ${arrows.length > 0 ? arrows.join(', ') : 'none of our packages'}.`;
  return [
    rule(
      `arrows-of-${folder}`,
      comment,
      { path: `^${folder}/src/`, pathNot: testFile },
      { path: oneOf(forbidden.map((f) => `${f}/`)) },
    ),
    rule(
      `arrows-of-tests-of-${folder}`,
      comment,
      { path: testFile, pathNot: `^(?!${folder}/)` },
      { path: oneOf(inTests.map((f) => `${f}/`)) },
    ),
  ];
}

function internalsRule({ folder, entries }) {
  const ways = entries.length > 0 ? { pathNot: oneOf(entries).concat('$') } : {};
  return rule(
    `internals-of-${folder}`,
    `Import ${folder} by its package name; only its exports are public.`,
    { path: '^(packages|apps|tooling)/', pathNot: `^${folder}/` },
    { path: `^${folder}/src/`, ...ways },
  );
}

const isFolder = (place) => !place.endsWith('.ts');

function layerRules() {
  const source = 'packages/tensor-webgpu/src/';
  const listed = tensorLayers.flat().join('|');
  const unlisted = rule(
    'layer-is-not-listed',
    'Add the folder to tensorLayers.',
    { path: `^${source}[^/]+/`, pathNot: `^${source}(${listed})/` },
    {},
  );
  const layers = tensorLayers.flatMap((layer, height) =>
    layer.filter(isFolder).map((name) => {
      const below = tensorLayers.slice(0, height).flat();
      const places = [name, ...below].map((place) => (isFolder(place) ? `${place}/` : place));
      return rule(
        `layer-${name}`,
        `${name} imports only from: ${below.join(', ') || 'nothing below it'}.`,
        { path: `^${source}${name}/`, pathNot: testFile },
        {
          path: `^${source}`,
          pathNot: `^${source}(${places.join('|')})`,
        },
      );
    }),
  );
  return [unlisted, ...layers];
}

function rule(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to };
}

export default {
  forbidden: [
    rule('no-circular', 'No circular imports, of types neither.', {}, { circular: true }),
    rule('no-unresolvable', 'Every import must resolve.', {}, { couldNotResolve: true }),
    rule(
      'by-name',
      'Reach another package by its name, not by a path.',
      { path: '^(packages|apps|tooling)/([^/]+)/src/' },
      {
        path: '^(packages|apps|tooling)/[^/]+/src/',
        pathNot: '^$1/$2/',
        dependencyTypes: ['local'],
      },
    ),
    rule(
      'tests-apart',
      'What serves tests alone is not imported by what is published.',
      { path: '^(packages|apps)/[^/]+/src/', pathNot: testFile },
      { path: testFile },
    ),
    rule(
      'recipes-run-in-a-page',
      'The recipes run in Node and in a page alike: no modules of Node. What touches the computer is handed in by apps/cli.',
      { path: '^apps/recipes/src/', pathNot: testFile },
      { dependencyTypes: ['core'] },
    ),
    ...packages.flatMap(packageRules),
    ...packages.map(internalsRule),
    ...layerRules(),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The peers of the bench are an install of their own, which may not be there.
    exclude: { path: '(^|/)(dist|coverage)/|^apps/bench/peers/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@flowfield/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
