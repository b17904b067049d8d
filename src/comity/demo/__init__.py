"""An exercise of three States on one machine: three nodes, and a story that drives their officers' pages."""
