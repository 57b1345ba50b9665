"""The store on PostgreSQL, as far as it goes: statements, steps, and what each guard needs."""
