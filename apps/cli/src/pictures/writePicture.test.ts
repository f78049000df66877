import { expect, it } from 'vitest';
import { renderPicture, writePicture } from './writePicture.ts';

/** A picture with one line of text. */
const picture = (width: number, { title }: { title: string }): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="60"><rect width="${width}" height="60" fill="#fff"/><text x="10" y="40" font-size="25" font-family="Source Sans 3">${title}</text></svg>`;

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

it('writes the same picture as SVG and PNG', async () => {
  const files = new Map<string, string | Uint8Array>();
  const svg = picture(200, { title: 'Loss' });
  await writePicture(async (name, content) => void files.set(name, content), 'loss', svg);
  expect([...files.keys()]).toEqual(['loss.svg', 'loss.png']);
  expect(files.get('loss.svg')).toBe(svg);
  const png = Buffer.from(files.get('loss.png') as Uint8Array);
  expect([...png.subarray(0, 8)]).toEqual(PNG_SIGNATURE);
  // The width lies after the signature, the length and the name of the first chunk.
  expect(png.readUInt32BE(16)).toBe(400);
});

it('renders text without any font on the system', () => {
  const darkPixels = (title: string) => {
    const { pixels } = renderPicture(picture(300, { title }));
    let dark = 0;
    for (let i = 0; i < pixels.length; i += 4) if (pixels[i]! < 100) dark++;
    return dark;
  };
  expect(darkPixels(' ')).toBe(0);
  expect(darkPixels('I')).toBeGreaterThan(50);
  expect(darkPixels('IIIIIIII')).toBeGreaterThan(6 * darkPixels('I'));
  for (const symbol of ['−', '×', '±', 'κ', '²', '→', '↑', '·', 'é']) {
    expect(darkPixels(symbol), symbol).toBeGreaterThan(0);
  }
});
