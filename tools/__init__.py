"""Programs that the set-up, the documentation and the checks of this repository need."""
