import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** The family of the font that `renderPicture` loads; a viewer without it takes the next sans serif. */
const fontFamily = 'Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif';

/** Colors of every picture, chosen to stay apart under the common color deficiencies. */
export const colors = {
  paper: '#ffffff',
  ink: '#1f2a33',
  muted: '#66737d',
  /** Training data and training loss. */
  train: '#2d6b9d',
  /** Held-out data. */
  heldOut: '#ffb000',
  /** What a model drew, and its held-out figures. */
  model: '#e0246a',
} as const;

/** Distance of the content from the edges of a picture. */
export const margin = 30;

const NAMESPACE = 'http://www.w3.org/2000/svg';
const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** An SVG element with attributes, and text or elements inside. */
export function element(
  name: string,
  attributes: Record<string, string | number>,
  ...children: (Element | string)[]
): Element {
  const node = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

/**
 * A chart of Observable Plot as a group at (x, y). Plot's own style sheet is left out: it sizes a chart for a web page,
 * and would resize a chart inside a picture.
 */
export function chart(x: number, y: number, options: Plot.PlotOptions): Element {
  const root = Plot.plot({ document: document as unknown as Document, ...options });
  root.querySelector('style')?.remove();
  return element(
    'g',
    {
      transform: `translate(${x},${y})`,
      'text-anchor': 'middle',
      'font-size': 12,
      fill: 'currentColor',
      color: colors.ink,
    },
    ...root.children,
  );
}

/** One line of text; the baseline starts at (x, y). */
export function text(x: number, y: number, content: string, attributes: Record<string, string | number> = {}): Element {
  return element('text', { x, y, fill: colors.ink, 'font-size': 13, ...attributes }, content);
}

/** Words around a picture, one line each. */
export interface PictureWords {
  title?: string;
  subtitle?: string;
  /** Small print below: data, seed, commit. */
  caption?: string;
}

/** A part of a picture and the height it takes. */
export interface Block {
  height: number;
  /** Draws the part with its upper edge at `top`. */
  draw(top: number): Element[];
}

/**
 * A whole picture as SVG text: title and subtitle, the blocks from top to bottom, the caption.
 * The same input gives the same text: ids count from 1 in every picture, and coordinates have two decimals.
 */
export function picture(width: number, { title, subtitle, caption }: PictureWords, blocks: Block[]): string {
  const children: Element[] = [];
  let top = margin - 6;
  const addLine = (content: string | undefined, lineHeight: number, attributes: Record<string, string | number>) => {
    if (content === undefined) return;
    top += lineHeight;
    children.push(text(margin, top, content, attributes));
  };
  addLine(title, 24, { 'font-size': 25, 'font-weight': 600 });
  addLine(subtitle, 23, { 'font-size': 15, fill: colors.muted });
  if (children.length > 0) top += 16;
  for (const block of blocks) {
    children.push(...block.draw(top));
    top += block.height;
  }
  addLine(caption, 22, { 'font-size': 12, fill: colors.muted });
  const height = top + margin - 8;
  const root = element(
    'svg',
    {
      xmlns: NAMESPACE,
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': title ?? 'picture',
      'font-family': fontFamily,
    },
    element('rect', { width, height, fill: colors.paper }),
    ...children,
  );
  const ids = new Map<string, string>();
  return root
    .toString()
    .replace(/plot-(clip|marker)-\d+/g, (id, kind) => {
      if (!ids.has(id)) ids.set(id, `${kind}-${ids.size + 1}`);
      return ids.get(id)!;
    })
    .replace(/ (c[xy])="(-?\d+\.\d\d)\d+"/g, ' $1="$2"');
}
