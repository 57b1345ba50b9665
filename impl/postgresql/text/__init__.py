"""What is said to PostgreSQL, as text: the schema, the steps, and what is written by hand."""
