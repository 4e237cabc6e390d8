/** The question that is shown, kept in the page's address: #word=king, #analogy=man,king,woman, #odd=tea,milk,car. */

const KINDS = ["word", "analogy", "odd"];

/** @returns {{kind: string, words: string[]} | null} null where the address asks nothing */
export function readAddress() {
  const [kind, ...rest] = location.hash.slice(1).split("=");
  const words = rest.join("=").split(",").map(decoded).filter((word) => word !== "");
  return KINDS.includes(kind) && words.length > 0 ? { kind, words } : null;
}

/** Ask a question, or none: whoever listens for changes of the address answers it. */
export function go(kind, words) {
  const asked = kind ? `#${kind}=${words.map(encodeURIComponent).join(",")}` : "#";
  if (asked === (location.hash || "#")) window.dispatchEvent(new Event("hashchange"));
  else location.hash = asked;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone %, as people type it
  }
}
