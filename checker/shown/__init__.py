"""What people see of it: the console, and what is printed of proofs and failure modes."""
