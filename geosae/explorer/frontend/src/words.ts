// Numbers and tables as text.

import type { Num } from "./records";

export function num(value: Num | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString("en").replace("-", "−");
  const size = Math.abs(value);
  return (size >= 1e-4 && size < 1e6 ? Number(value.toPrecision(digits)).toString() : value.toExponential(1)).replace(
    "-",
    "−",
  );
}

export const percent = (value: Num) =>
  value === null || !Number.isFinite(value) ? "–" : `${num(100 * value, 2)} %`;

export const interval = (error: Num, low: Num, high: Num) =>
  error === null || !Number.isFinite(error) ? "–" : `${num(error)} [${num(low, 2)}, ${high === null || !Number.isFinite(high) ? "∞" : num(high, 2)}]`;

export const plural = (count: number, word: string) =>
  `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

export type Cell = string | number | boolean | null | undefined;

/** Rows as CSV; a text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csv(rows: Cell[][]): string {
  const cell = (value: Cell) => {
    if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
    let text = String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",;\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}
