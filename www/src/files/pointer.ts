/** Where in a JSON text a JSON pointer (RFC 6901) points, by the editor's own syntax tree. */
import type { SyntaxNode, Tree } from "@lezer/common";

export interface TextRange {
  from: number;
  to: number;
}

/** The keys and indexes that a pointer goes by. */
export function stepsOf(pointer: string): string[] {
  return pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The range of the value, or of what is nearest around it where the text has no such value. */
export function rangeOf(tree: Tree, text: string, pointer: string): TextRange | null {
  let node = tree.topNode.firstChild;
  if (!node) return null;
  for (const step of stepsOf(pointer)) {
    const next = child(node, text, step);
    if (!next) break;
    node = next;
  }
  return { from: node.from, to: node.to };
}

function child(node: SyntaxNode, text: string, step: string): SyntaxNode | null {
  if (node.name === "Array") {
    const values = children(node).filter((entry) => !["[", "]", ",", "⚠"].includes(entry.name));
    return values[Number(step)] ?? null;
  }
  // The last of equal keys is the one that counts.
  const property = children(node).findLast((entry) => {
    const name = entry.firstChild;
    return entry.name === "Property" && name !== null && keyOf(text.slice(name.from, name.to)) === step;
  });
  const value = property?.lastChild;
  return value && value.name !== "PropertyName" ? value : (property ?? null);
}

function keyOf(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let next = node.firstChild; next; next = next.nextSibling) found.push(next);
  return found;
}
