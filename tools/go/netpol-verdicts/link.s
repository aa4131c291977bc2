// A package with functions without a body needs a file of assembly: theirs are linked in by name, see main.go.
