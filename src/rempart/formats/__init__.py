"""Outside languages ↔ domain values: one module or package per format, each independent of the others."""
