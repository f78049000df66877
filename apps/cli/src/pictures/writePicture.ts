import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type RenderedImage, Resvg } from '@resvg/resvg-js';

const require = createRequire(import.meta.url);
const FONT_FAMILY = 'Source Sans 3';
const FONT_PACKAGE = '@expo-google-fonts/source-sans-3';
const FONT_FILES = ['400Regular/SourceSans3_400Regular.ttf', '600SemiBold/SourceSans3_600SemiBold.ttf'].map((file) =>
  require.resolve(`${FONT_PACKAGE}/${file}`),
);

/** Pixels of the PNG for each unit of the SVG, so that print and high-density screens stay sharp. */
const PIXEL_RATIO = 2;

/** Draws a picture of this folder into pixels. The font comes with the program: the system needs none. */
export function renderPicture(svg: string, { pixelRatio = PIXEL_RATIO }: { pixelRatio?: number } = {}): RenderedImage {
  return new Resvg(svg, {
    fitTo: { mode: 'zoom', value: pixelRatio },
    font: {
      fontFiles: FONT_FILES,
      loadSystemFonts: false,
      defaultFontFamily: FONT_FAMILY,
      sansSerifFamily: FONT_FAMILY,
    },
  }).render();
}

/**
 * Writes `<folder>/<name>.svg` and `<folder>/<name>.png`, making the folder where needed.
 *
 * @returns the two paths
 */
export async function writePicture(folder: string, name: string, svg: string): Promise<{ svg: string; png: string }> {
  const paths = { svg: join(folder, `${name}.svg`), png: join(folder, `${name}.png`) };
  await mkdir(folder, { recursive: true });
  await Promise.all([writeFile(paths.svg, svg), writeFile(paths.png, renderPicture(svg).asPng())]);
  return paths;
}
