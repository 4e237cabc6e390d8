/** Questions to the vectors: nearest words, analogies (3CosAdd), the odd one out. The same answers as firth.Vectors. */

export class Space {
  constructor({ codes, scales, dimensions }) {
    this.codes = codes;
    this.scales = scales;
    this.dimensions = dimensions;
  }

  isZero(place) {
    return this.scales[place] === 0;
  }

  /** The sum of the unit vectors of `plus` less those of `minus`, at length 1. */
  query(plus, minus = []) {
    const sum = new Float32Array(this.dimensions);
    for (const [places, sign] of [[plus, 1], [minus, -1]]) {
      for (const place of places) {
        const start = place * this.dimensions;
        const scale = sign * this.scales[place];
        for (let d = 0; d < this.dimensions; d++) sum[d] += scale * this.codes[start + d];
      }
    }
    const length = Math.hypot(...sum);
    return length > 0 ? sum.map((number) => number / length) : sum;
  }

  cosine(query, place) {
    const start = place * this.dimensions;
    let product = 0;
    for (let d = 0; d < this.dimensions; d++) product += query[d] * this.codes[start + d];
    return Math.max(-1, Math.min(1, product * this.scales[place]));
  }

  /**
   * The words with the largest cosine with the query; equal ones stand by frequency. Words asked with are no answer.
   *
   * @returns {{place: number, cosine: number}[]}
   */
  nearest(plus, minus = [], count = 12) {
    const query = this.query(plus, minus);
    const asked = new Set([...plus, ...minus]);
    const best = [];
    for (let place = 0; place < this.scales.length; place++) {
      const cosine = this.cosine(query, place);
      if ((best.length === count && cosine <= best[count - 1].cosine) || asked.has(place)) continue;
      let at = best.length;
      while (at > 0 && best[at - 1].cosine < cosine) at--;
      best.splice(at, 0, { place, cosine });
      if (best.length > count) best.pop();
    }
    return best;
  }

  /** Each word's cosine with the mean of the words' unit vectors, the odd one out first. */
  fits(places) {
    const mean = this.query(places);
    const fits = places.map((place) => ({ place, cosine: this.cosine(mean, place) }));
    return fits.sort((a, b) => a.cosine - b.cosine);
  }
}
