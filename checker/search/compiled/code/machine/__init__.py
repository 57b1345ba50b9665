"""Machine code through LLVM: made, kept and called."""
