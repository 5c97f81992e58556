import type { Context } from "./ui";
export function LatticeView({ context }: { context: Context }) { return <p>{context.state.view}</p>; }
