import type { Context } from "./ui";
export function ConceptView({ context }: { context: Context }) { return <p>{context.state.view}</p>; }
