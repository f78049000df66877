/** Thrown when the numbers for a picture cannot be drawn. */
export class PictureError extends RangeError {
  override name = 'PictureError';
}
