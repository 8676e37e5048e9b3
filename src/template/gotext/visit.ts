import type { Node } from './node.ts';

/** Calls visit for a node and for all nodes inside it, in the order of the text. */
export function visitNodes(root: Node, visit: (node: Node) => void): void {
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    visit(node);
    const children = childrenOf(node);
    for (let i = children.length - 1; i >= 0; i--) open.push(children[i]!);
  }
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'list':
      return node.nodes;
    case 'action':
      return [node.pipe];
    case 'if':
    case 'range':
    case 'with':
      return node.elseList === null ? [node.pipe, node.list] : [node.pipe, node.list, node.elseList];
    case 'template':
      return node.pipe === null ? [] : [node.pipe];
    case 'pipe':
      return [...node.decl, ...node.commands];
    case 'command':
      return node.args;
    case 'chain':
      return [node.head];
    default:
      return [];
  }
}
