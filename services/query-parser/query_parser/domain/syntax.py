"""Steps down a syntax tree."""

from lark import Token, Tree

Node = Tree[Token]


def trees(node: Node) -> list[Node]:
    """The subtrees, in order."""
    return [child for child in node.children if isinstance(child, Tree)]


def subtree(node: Node, name: str) -> Node:
    """The first subtree of that name."""
    return next(child for child in trees(node) if child.data == name)


def tokens(node: Node, *types: str) -> list[Token]:
    """The tokens, of these types if any are named."""
    leaves = [child for child in node.children if isinstance(child, Token)]
    return [token for token in leaves if not types or token.type in types]


def token(node: Node, *types: str) -> Token:
    """The first token, of these types if any are named."""
    return tokens(node, *types)[0]
