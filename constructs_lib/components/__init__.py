"""One module for each construct; `registry` says which one builds which kind of component."""
