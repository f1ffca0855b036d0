// Brightness for the eye only: a table of 256 values laid over a copy of the picture.

const kept = { key: "", canvas: null };

/** Whether settings leave the picture as it is. */
const plain = ({ contrast, gamma, auto, invert }) =>
  contrast === 1 && gamma === 1 && !auto && !invert;

/** What to paint for a picture: its bitmap, or a toned copy of the same size. */
export function toned(picture, settings) {
  const { bitmap } = picture;
  if (plain(settings)) return bitmap;
  const key = `${picture.index}/${picture.hash}/${JSON.stringify(settings)}`;
  if (kept.key === key) return kept.canvas;
  const canvas = kept.canvas ?? document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = data.data;
  const table = tableOf(settings, settings.auto ? limits(pixels) : [0, 255]);
  for (let i = 0; i < pixels.length; i += 4) {
    pixels[i] = table[pixels[i]];
    pixels[i + 1] = table[pixels[i + 1]];
    pixels[i + 2] = table[pixels[i + 2]];
  }
  context.putImageData(data, 0, 0);
  Object.assign(kept, { key, canvas });
  return canvas;
}

function tableOf({ contrast, gamma, invert }, [low, high]) {
  const table = new Uint8ClampedArray(256);
  for (let value = 0; value < 256; value += 1) {
    const stretched = (value - low) / Math.max(1, high - low);
    const steeper = (stretched - 0.5) * contrast + 0.5;
    const curved = Math.min(Math.max(steeper, 0), 1) ** (1 / gamma);
    table[value] = 255 * (invert ? 1 - curved : curved);
  }
  return table;
}

/** Grey values below which 0.5 % and above which 0.1 % of a picture lie. */
function limits(pixels) {
  const counts = new Uint32Array(256);
  for (let i = 0; i < pixels.length; i += 4) counts[pixels[i + 1]] += 1;
  const total = pixels.length / 4;
  let low = 0;
  let high = 255;
  for (let sum = counts[0]; low < 255 && sum < 0.005 * total; sum += counts[low]) low += 1;
  for (let sum = counts[255]; high > 0 && sum < 0.001 * total; sum += counts[high]) high -= 1;
  return high > low ? [low, high] : [0, 255];
}
