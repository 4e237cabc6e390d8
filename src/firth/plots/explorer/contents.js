/** What the page holds, read once from the blocks that Firth wrote into it. */

function numbersOf(id) {
  const block = document.getElementById(id);
  const packed = atob(block.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  block.remove(); // megabytes of text that nobody needs any more
  return bytes.buffer;
}

/**
 * Words stand in the order of frequency, so the place of a word is its rank less one.
 *
 * @returns {{
 *   title: string, about: string[], dimensions: number, words: string[], counts: number[] | null,
 *   groups: {name: string, words: string[], color: number}[], groupOf: number[], places: Float32Array, scales: Float32Array, codes: Int8Array,
 * }} `places` holds x and y of each word; `scales[i] * codes[i]` is the unit vector of word i.
 */
export function readContents() {
  return {
    ...JSON.parse(document.getElementById("contents").textContent),
    places: new Float32Array(numbersOf("places")),
    scales: new Float32Array(numbersOf("scales")),
    codes: new Int8Array(numbersOf("codes")),
  };
}
