"""What a question means: schema, words, grammar, tree and SQL; no I/O."""
