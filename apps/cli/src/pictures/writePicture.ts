import { createRequire } from 'node:module';
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

/** Writes a file of a folder by its name, whole or not at all. */
export type WriteFile = (name: string, content: string | Uint8Array) => Promise<void>;

/** Writes a picture as `<name>.svg` and `<name>.png`. */
export async function writePicture(write: WriteFile, name: string, svg: string): Promise<void> {
  const png = renderPicture(svg).asPng();
  await write(`${name}.svg`, svg);
  await write(`${name}.png`, png);
}
