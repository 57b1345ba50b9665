"""The store on PostgreSQL: one transition at a time, beside those of others."""
