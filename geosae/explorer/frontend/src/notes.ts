// Annotations: a text for anything that can be selected, kept by the browser, exported and imported as JSON.

export const KIND = "geosae-explorer-annotations-1";
export type Notes = Record<string, string>;

const keyOf = (source: string) => `geosae-explorer:${source}`;

export function loadNotes(source: string): Notes {
  try {
    return checked(JSON.parse(localStorage.getItem(keyOf(source)) ?? "{}"));
  } catch {
    return {};
  }
}

/** Keep the annotations; false where the browser keeps nothing for pages of this kind. */
export function saveNotes(source: string, notes: Notes): boolean {
  try {
    localStorage.setItem(keyOf(source), JSON.stringify(notes));
    return true;
  } catch {
    return false;
  }
}

function checked(value: unknown): Notes {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("no table of annotations");
  for (const text of Object.values(value)) if (typeof text !== "string") throw new Error("an annotation is no text");
  return value as Notes;
}

export const notesToJson = (source: string, notes: Notes) =>
  JSON.stringify({ kind: KIND, source, annotations: notes }, null, 2) + "\n";

export function notesFromJson(text: string): Notes {
  const value = JSON.parse(text) as { kind?: unknown; annotations?: unknown };
  if (value?.kind !== KIND) throw new Error(`this is no file of annotations (${KIND})`);
  return checked(value.annotations);
}
