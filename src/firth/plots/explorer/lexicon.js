/** Words as people type and see them: look up, completion, near spellings, and how an unprintable one is shown. */

const LONGEST_SHOWN = 28;

/** Without case and accents, so that "Zurich" finds "zürich". */
function folded(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{Mn}/gu, "");
}

export class Lexicon {
  constructor(words) {
    this.words = words;
    this.placeOf = new Map(words.map((word, place) => [word, place]));
    this.folds = words.map(folded);
  }

  /** The place of a word as it was typed; failing that, of the most frequent one that differs in case and accents. */
  find(typed) {
    const text = typed.trim();
    const exact = this.placeOf.get(typed) ?? this.placeOf.get(text);
    if (exact !== undefined || text === "") return exact;
    const place = this.folds.indexOf(folded(text));
    return place < 0 ? undefined : place;
  }

  /** Places of words that begin with what was typed, then of words that hold it, the most frequent first. */
  complete(typed, count = 8) {
    const start = folded(typed.trim());
    if (start === "") return [];
    const found = [];
    const within = [];
    const whole = this.find(typed);
    if (whole !== undefined) found.push(whole);
    for (let place = 0; place < this.words.length && found.length < count; place++) {
      const at = this.folds[place].indexOf(start);
      if (at === 0 && place !== whole) found.push(place);
      else if (at > 0 && within.length < count && place !== whole) within.push(place);
    }
    return found.concat(within).slice(0, count);
  }

  /** Places of words spelled nearly as what was typed, the nearest and most frequent first. */
  near(typed, count = 4) {
    const text = folded(typed.trim());
    const most = text.length < 4 ? 1 : 2;
    const found = [];
    this.folds.forEach((fold, place) => {
      const edits = Math.abs(fold.length - text.length) > most ? Infinity : editsBetween(text, fold, most);
      if (edits <= most) found.push({ place, edits });
    });
    return found.sort((a, b) => a.edits - b.edits || a.place - b.place).slice(0, count).map(({ place }) => place);
  }
}

/** Letters to insert, leave out or change (Levenshtein); Infinity once it is sure to be more than `most`. */
function editsBetween(a, b, most) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    if (Math.min(...next) > most) return Infinity;
    row = next;
  }
  return row[b.length];
}

/** A word as it can be shown: marks and spaces that can't be seen as code points, a very long word cut. */
export function shown(word, longest = Infinity) {
  const blank = /^[\p{C}\p{Z}\p{M}]*$/u.test(word);
  const unseen = blank ? /[^]/gu : /\p{Cc}/gu;
  const text = word.replace(unseen, (letter) => `‹${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}›`);
  const letters = text.length > longest ? Array.from(text) : text;
  return letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : text;
}

export const shownOnMap = (word) => shown(word, LONGEST_SHOWN);
