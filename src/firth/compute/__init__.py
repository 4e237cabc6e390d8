"""What compiled loops are made with: explicit vectors, compiling, threads. Imports nothing else of Firth's."""
