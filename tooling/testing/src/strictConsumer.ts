import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** A file of a consumer, and the name that messages call it by. */
export interface ConsumerFile {
  readonly name: string;
  readonly code: string;
}

/** The ways a consumer's project finds packages: a bundler's, and Node's own. */
const resolutions: Readonly<Record<string, ts.CompilerOptions>> = {
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
};

const strict: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node'],
  // Packages are met as source here: tests need no build.
  customConditions: ['@flowfield/source'],
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

/** An installed package as the oldest project that can use it sees it: its declarations, checked, and no library but the language. */
export const oldestConsumer: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: [],
  customConditions: [],
  allowImportingTsExtensions: false,
  skipLibCheck: false,
};

/**
 * What the compiler finds wrong in `files`, each a module in `folder` of its own, when they are compiled with `strict`
 * under both resolutions; empty when all is well. A message that both give is listed once.
 */
export function compileErrors(files: readonly ConsumerFile[], folder: URL, own: ts.CompilerOptions = {}): string[] {
  const errors = new Map<string, string[]>();
  for (const [resolution, options] of Object.entries(resolutions)) {
    for (const message of errorsUnder({ ...strict, ...options, ...own }, files, fileURLToPath(folder))) {
      errors.set(message, [...(errors.get(message) ?? []), resolution]);
    }
  }
  return [...errors].map(([message, under]) => `${message} (${under.join(', ')})`);
}

function errorsUnder(options: ts.CompilerOptions, files: readonly ConsumerFile[], folder: string): string[] {
  const virtual = new Map(files.map((file, i) => [`${folder}consumer-${i + 1}.ts`, file]));
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getCurrentDirectory: () => folder,
    fileExists: (path) => virtual.has(path) || disk.fileExists(path),
    readFile: (path) => virtual.get(path)?.code ?? disk.readFile(path),
    getSourceFile(path, languageVersion) {
      const file = virtual.get(path);
      return file
        ? ts.createSourceFile(path, file.code, languageVersion, true)
        : disk.getSourceFile(path, languageVersion);
    },
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  const library = options.skipLibCheck ? [] : program.getSourceFiles().filter((file) => file.isDeclarationFile);
  const declarations = library.flatMap((file) =>
    program.getSemanticDiagnostics(file).map((found) => `${file.fileName}${lineOf(found)}: ${messageOf(found)}`),
  );
  // The source of packages has checks of its own; only what the consumer wrote is looked at.
  const written = [...virtual].flatMap(([path, { name }]) => {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map((diagnostic) => `${name}${lineOf(diagnostic)}: ${messageOf(diagnostic)}`);
  });
  return [...declarations, ...written];
}

const lineOf = ({ file, start }: ts.Diagnostic): string =>
  file && start !== undefined ? `, line ${file.getLineAndCharacterOfPosition(start).line + 1}` : '';

const messageOf = ({ messageText }: ts.Diagnostic): string => ts.flattenDiagnosticMessageText(messageText, ' ');
