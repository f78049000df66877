import { type Block, margin, type PictureWords, picture, text } from './canvas.ts';
import { type DensityPanel, densityPanel } from './panels/density.ts';
import type { Frame } from './panels/frame.ts';
import { type ImagesPanel, imagesPanel } from './panels/images.ts';
import { type LinesPanel, linesPanel } from './panels/lines.ts';
import { type PointsPanel, pointsPanel } from './panels/points.ts';

/** A part of a figure as plain data: what is drawn, not how. */
export type Panel = PointsPanel | DensityPanel | LinesPanel | ImagesPanel;

export interface FigureOptions extends PictureWords {
  readonly panels: readonly Panel[];
  /** Panels in a row; all in one when left out. */
  readonly columns?: number;
  /** Width of a panel; its height is `aspect` times that. */
  readonly panelWidth?: number;
  readonly aspect?: number;
}

const GAP = 26;
const TITLE_HEIGHT = 22;

/**
 * Panels side by side under one title. The same description gives the same text.
 *
 * @returns SVG text
 * @throws PictureError for a panel whose numbers cannot be drawn
 */
export function figure({
  panels,
  columns = panels.length,
  panelWidth = 300,
  aspect = 1,
  ...words
}: FigureOptions): string {
  const height = Math.round(panelWidth * aspect);
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, row): Block => {
    const inRow = panels.slice(row * columns, (row + 1) * columns);
    return {
      height: height + TITLE_HEIGHT + GAP,
      draw: (top) =>
        inRow.flatMap((panel, column) => {
          const x = margin + column * (panelWidth + GAP);
          const frame = { x, y: top + TITLE_HEIGHT, width: panelWidth, height };
          return [
            ...(panel.title === undefined ? [] : [text(x, top + 12, panel.title, { 'font-weight': 600 })]),
            ...drawn(panel, frame),
          ];
        }),
    };
  });
  return picture(2 * margin + columns * panelWidth + (columns - 1) * GAP, words, rows);
}

function drawn(panel: Panel, frame: Frame): Element[] {
  switch (panel.kind) {
    case 'points':
      return pointsPanel(panel, frame);
    case 'density':
      return densityPanel(panel, frame);
    case 'lines':
      return linesPanel(panel, frame);
    case 'images':
      return imagesPanel(panel, frame);
  }
}
